"""The commands that look and make nothing: `check`, `explain`, `fields`, `show`, `status`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digestfeed import diagnostics, urls
from digestfeed.cli import options
from digestfeed.cli.completing import PaperId
from digestfeed.cli.given import config_of, today
from digestfeed.cli.lines import field_lines, paper_lines, suggestions
from digestfeed.cli.talk import is_coloured, painted, say
from digestfeed.problems import BY_CODE
from digestfeed.sources import NAMED
from digestfeed.text import number_of, primary_language

if TYPE_CHECKING:
    from digestfeed.pipeline.inspect import Lint


@click.command()
@options.argument_digests
@options.option_config
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="How to print what is wrong.",
)
@click.option("--select", type=options.Codes(), metavar="CODES", default="all", help="Only these, as D012,bad-link.")
@click.option("--ignore", type=options.Codes(), metavar="CODES", default=frozenset(), help="Not these.")
def check(digests: Path, config_file: Path | None, form: str, select: frozenset[str], ignore: frozenset[str]) -> None:
    """Say what in the digests could not be read, and where; build nothing.  Exit 1 if there is anything."""
    from digestfeed.pipeline.inspect import lint

    config = config_of(config_file)
    found = lint(digests, config, today(config), (select & config.check.codes) - ignore)
    coloured = is_coloured(sys.stdout)
    for line in _FORMS[form](found, str(digests)):
        click.echo(line, color=coloured)
    if form != "json":
        _print_summary(found, digests)
    if found.findings:
        sys.exit(1)


def _as_text(found: Lint, digests: str) -> Iterable[str]:
    return diagnostics.as_text(found.findings, digests, painted if is_coloured(sys.stdout) else diagnostics.plain)


def _as_json(found: Lint, digests: str) -> Iterable[str]:
    return [diagnostics.as_json(found.findings, found.chatter, digests)]


def _as_github(found: Lint, digests: str) -> Iterable[str]:
    return diagnostics.as_github(found.findings, digests)


_FORMS: dict[str, Callable[[Lint, str], Iterable[str]]] = {"text": _as_text, "json": _as_json, "github": _as_github}


def _print_summary(found: Lint, digests: Path) -> None:
    ignored = f", {found.ignored} ignored" if found.ignored else ""
    counts = ((found.digests, "digest"), (found.items, "item"), (len(found.findings), "problem"))
    say(", ".join(number_of(count, noun) for count, noun in counts) + ignored)
    if not found.digests:
        say(f"there is no digest in {digests}, no file named {NAMED}")
    for line in diagnostics.summary(finding.problem for finding in found.findings):
        say(line)


@click.command()
@click.argument("problem", nargs=-1, type=options.Codes())
def explain(problem: tuple[frozenset[str], ...]) -> None:
    """Explain a kind of PROBLEM by its code or name, as D012 or bad-date; without one, list them all."""
    codes = sorted(frozenset[str]().union(*problem))
    lines = ["\n".join(diagnostics.explained(BY_CODE[code])) for code in codes]
    click.echo("\n\n\n".join(lines) if codes else "\n".join(diagnostics.table()))


@click.command()
@options.argument_digests
@options.option_config
@click.option("--suggest", is_flag=True, help="Print config that maps the labels which map to none.")
def fields(digests: Path, config_file: Path | None, *, suggest: bool) -> None:
    """List the fields, the labels that map to each, and the labels that map to none."""
    from digestfeed.pipeline.inspect import field_uses

    config = config_of(config_file)
    uses, unmatched = field_uses(digests, config, today(config))
    korean = primary_language(config.language) == "ko"
    for line in suggestions(unmatched) if suggest else field_lines(uses, unmatched, korean=korean):
        click.echo(line)


@click.command()
@click.argument("paper_id", metavar="ID", type=PaperId())
@options.argument_digests
@options.option_config
def show(paper_id: str, digests: Path, config_file: Path | None) -> None:
    """Show one paper (arXiv id, link, or item-… key) and where each part of it comes from."""
    from digestfeed import arxiv
    from digestfeed.errors import DigestFeedError
    from digestfeed.pipeline.inspect import appearances_of, merged

    config = config_of(config_file)
    key = arxiv.canonical(paper_id) or arxiv.id_in_url(paper_id).id or paper_id
    appearances = appearances_of(key, digests, config, today(config))
    if not appearances:
        raise DigestFeedError(f"{paper_id}: in no digest of {digests}")
    for line in paper_lines(merged(appearances, config), appearances, digests):
        click.echo(line)


@click.command()
@options.argument_out
@options.option_config
@click.option("--max-age", type=click.IntRange(min=0), metavar="DAYS", help="Exit 1 if the newest digest is older.")
def status(out: Path, config_file: Path | None, max_age: int | None) -> None:
    """Say what the last build of OUT saw, and how old the newest digest is."""
    from digestfeed.errors import DigestFeedError, OutputError
    from digestfeed.pipeline.monitor import seen

    path, day = out / urls.STATUS, today(config_of(config_file))
    try:
        found = seen(str(path), path.read_bytes())
    except OSError as error:
        raise OutputError(
            str(path), f"cannot be read: {error.strerror}; build the site first: digestfeed build"
        ) from error
    age = found.age(day)
    newest = "none has a date" if age is None else f"the newest of {found.newest_digest}, {number_of(age, 'day')} ago"
    click.echo(
        f"{number_of(found.papers, 'paper')} of {number_of(found.digests, 'digest')}, {newest}; "
        f"{number_of(found.problems, 'problem')}"
    )
    if max_age is not None and found.is_stale(day, max_age):
        raise DigestFeedError(f"expected a digest of the last {number_of(max_age, 'day')}, got none")
