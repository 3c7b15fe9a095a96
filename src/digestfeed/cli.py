"""The command line: options, one call into the pipeline, a report, an exit code.

stdout is data, stderr is talk.  Exit codes: 0 built (problems in digests are warnings), 1 failed or refused, or
`check` found problems, 2 wrong usage or config, 75 another build of the same output is running.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from digestfeed import __version__
from digestfeed.errors import ConfigError, DigestFeedError

if TYPE_CHECKING:
    from digestfeed.config import Config
    from digestfeed.model import Appearance, Paper, Problem
    from digestfeed.pipeline.inspect import FieldUse, Lint, Unmatched
    from digestfeed.pipeline.report import Report
    from digestfeed.pipeline.runner import Progress

CONFIG = "digestfeed.toml"
CATALOG = Path(".digestfeed", "catalog.sqlite3")
_SHOWN = 20  # problems printed by a build before it points to `check`


class _Group(click.Group):
    """Turns what ends a run into one line and its exit code; a broken pipe is nobody's fault."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except DigestFeedError as error:
            click.secho(f"digestfeed: {error}", fg="red", err=True)
            sys.exit(error.exit_code)
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                sys.exit(1)
            click.secho(f"digestfeed: {error.filename or 'system'}: {error.strerror or error}", fg="red", err=True)
            sys.exit(1)
        except KeyboardInterrupt:
            click.echo("digestfeed: interrupted; the next build completes what this one began", err=True)
            sys.exit(130)


def _argument_digests(function: Callable[..., None]) -> Callable[..., None]:
    return click.argument("digests", type=click.Path(path_type=Path), default="digests")(function)


def _option_config(function: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "-c",
        "--config",
        "config_file",
        type=click.Path(path_type=Path),
        help=f"The config [default: {CONFIG}, if there].",
    )(function)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="digestfeed")
def main() -> None:
    """Feeds and an archive from a folder of daily AI paper digests."""


@main.command()
@_argument_digests
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    default="out",
    show_default=True,
    help="The output folder.",
)
@_option_config
@click.option("--base-url", metavar="URL", help="Where the site will be; overrides the config's.")
@click.option(
    "--catalog", type=click.Path(path_type=Path), help="The catalog [default: .digestfeed beside the config]."
)
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Processes for a big change [default: one a core].")
@click.option("--full", is_flag=True, help="Read, make and compare everything again.")
@click.option("--allow-shrink", is_flag=True, help="Publish though papers vanish whose digests are there.")
@click.option("--strict", is_flag=True, help="Publish nothing if a digest has a problem.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing unless something is wrong.")
@click.option("-v", "--verbose", is_flag=True, help="Print every problem and every file that was written.")
@click.option(
    "--report", "report_file", type=click.Path(path_type=Path), help="Write the report to this file, as JSON."
)
def build(  # noqa: PLR0913, PLR0917 -- one parameter an option
    digests: Path,
    out: Path,
    config_file: Path | None,
    base_url: str | None,
    catalog: Path | None,
    jobs: int | None,
    report_file: Path | None,
    *,
    full: bool,
    allow_shrink: bool,
    strict: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Build feeds and archive from the digests in DIGESTS, a folder read with all below it."""
    from digestfeed.config import with_base_url
    from digestfeed.pipeline.build import Options
    from digestfeed.pipeline.build import build as run

    config = with_base_url(_config(config_file), base_url)
    signal.signal(signal.SIGTERM, _terminated)
    home = config_file.parent if config_file else Path()
    with _progress(shown=not quiet) as progress:
        report = run(
            Options(
                digests=digests,
                out=out,
                catalog=catalog or home / CATALOG,
                config=config,
                now=dt.datetime.now(dt.UTC),
                full=full,
                allow_shrink=allow_shrink,
                strict=strict,
                jobs=jobs,
                progress=progress,
            )
        )
    if config.feeds.hubs:
        from digestfeed import websub

        websub.remember(config, catalog or home / CATALOG, report.changed_feeds)
    if report_file is not None:
        _write_report(report_file, report)
    _print_problems(report.problems if verbose else report.fresh, digests, limit=None if verbose else _SHOWN)
    if not quiet:
        _print_report(report, out, config, verbose=verbose)


@main.command()
@_argument_digests
@_option_config
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="How to print what is wrong.",
)
def check(digests: Path, config_file: Path | None, form: str) -> None:
    """Say what in the digests could not be read, and where; build nothing.  Exit 1 if there is anything."""
    from digestfeed.pipeline.inspect import lint

    config = _config(config_file)
    found = lint(digests, config, _today(config))
    for line in _LINT_FORMS[form](found, digests):
        click.echo(line)
    if found.problems:
        sys.exit(1)


@main.command()
@_argument_digests
@_option_config
@click.option("--suggest", is_flag=True, help="Print config that maps the labels which map to none.")
def fields(digests: Path, config_file: Path | None, *, suggest: bool) -> None:
    """List the fields, the labels that map to each, and the labels that map to none."""
    from digestfeed.pipeline.inspect import field_uses

    config = _config(config_file)
    uses, unmatched = field_uses(digests, config, _today(config))
    lines = (
        _suggestions(unmatched) if suggest else _field_lines(uses, unmatched, korean=config.language.startswith("ko"))
    )
    for line in lines:
        click.echo(line)


@main.command()
@click.argument("paper_id", metavar="ID")
@_argument_digests
@_option_config
def show(paper_id: str, digests: Path, config_file: Path | None) -> None:
    """Show one paper (arXiv id, link, or item-… key) and where each part of it comes from."""
    from digestfeed import arxiv
    from digestfeed.pipeline.inspect import appearances_of, merged

    config = _config(config_file)
    key = arxiv.canonical(paper_id) or arxiv.id_in_url(paper_id).id or paper_id
    appearances = appearances_of(key, digests, config, _today(config))
    if not appearances:
        click.echo(f"digestfeed: {paper_id}: in no digest of {digests}", err=True)
        sys.exit(1)
    for line in _paper_lines(merged(appearances, config), appearances, digests):
        click.echo(line)


@main.command()
@click.argument("out", type=click.Path(path_type=Path), default="out")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any that is free.")
def serve(out: Path, port: int) -> None:
    """Preview OUT on 127.0.0.1, as a web server would show it."""
    from digestfeed.serve import HOST
    from digestfeed.serve import serve as show

    show(out, HOST, port, log=lambda line: click.echo(line, err=True))


@main.command()
@_option_config
@click.option(
    "--catalog", type=click.Path(path_type=Path), help="The catalog [default: .digestfeed beside the config]."
)
def ping(config_file: Path | None, catalog: Path | None) -> None:
    """Tell the WebSub hubs of the config which feeds changed since they were last told."""
    from digestfeed import websub

    home = config_file.parent if config_file else Path()
    results = websub.ping_pending(_config(config_file), catalog or home / CATALOG)
    for result in results:
        if not result.ok:
            click.echo(_visible(str(result)), err=True)
    if not all(result.ok for result in results):
        sys.exit(1)


# -- what goes in ---------------------------------------------------------------------------------------------


def _config(path: Path | None) -> Config:
    """Read the config named, else the one in the current folder, else give the defaults."""
    from digestfeed.config import Config, parse_config

    if path is None and not Path(CONFIG).is_file():
        return Config()
    named = path or Path(CONFIG)
    try:
        text = named.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "expected UTF-8"
        raise ConfigError(str(named), f"cannot read the config: {reason}") from error
    return parse_config(str(named), text)


def _today(config: Config) -> dt.date:
    from zoneinfo import ZoneInfo

    return dt.datetime.now(ZoneInfo(config.timezone)).date()


def _terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


# -- what comes out -------------------------------------------------------------------------------------------


class _progress:  # noqa: N801 -- reads as a verb at its use
    """A progress bar on a terminal, nothing elsewhere; drawn only when a stage takes long enough to be seen."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown and sys.stderr.isatty()
        self._bars: dict[str, object] = {}

    def __enter__(self) -> Progress | None:
        if not self._shown:
            return None
        from rich.console import Console
        from rich.progress import Progress as Bars

        # No thread of its own: processes are forked while it is shown.
        self._rich = Bars(console=Console(stderr=True), transient=True, auto_refresh=False)
        self._rich.start()
        return self._advance

    def _advance(self, stage: str, done: int, total: int) -> None:
        if stage not in self._bars:
            self._bars[stage] = self._rich.add_task(stage, total=total)
        self._rich.update(self._bars[stage], completed=done, total=total)  # type: ignore[arg-type]
        self._rich.refresh()

    def __exit__(self, *_: object) -> None:
        if self._shown:
            self._rich.stop()


def _write_report(path: Path, report: Report) -> None:
    import msgspec

    from digestfeed.errors import OutputError

    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    except OSError as error:
        raise OutputError(str(path), f"cannot write the report: {error.strerror}") from error


def _print_problems(problems: Iterable[Problem], digests: Path, *, limit: int | None) -> None:
    found = list(problems)
    for problem in found[:limit]:
        click.echo(f"{_address(digests, problem)}", err=True)
    if limit is not None and len(found) > limit:
        click.echo(f"… and {len(found) - limit} more problems: digestfeed check {digests}", err=True)


def _address(digests: Path, problem: Problem) -> str:
    return _visible(f"{digests}/{problem} [{problem.kind}]")


def _visible(text: str) -> str:
    """Escape what would steer a terminal or turn the text around: controls, bidi marks."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def _print_report(report: Report, out: Path, config: Config, *, verbose: bool) -> None:
    for note in report.notes:
        click.echo(note, err=True)
    click.echo(_counted(report), err=True)
    if report.problems:
        kinds = ", ".join(f"{count} {kind}" for kind, count in report.kinds.items())
        click.echo(f"problems: {kinds}", err=True)
    if verbose:
        stages = ", ".join(f"{name} {seconds:.2f}" for name, seconds in report.stages.items())
        click.echo(f"seconds: {stages}", err=True)
    click.echo(f"look at:  {out}/index.html, {out}/feeds.opml", err=True)
    if config.is_preview:
        click.echo(
            f"preview:  {_program()} serve {out}\n"
            f"to publish, set base_url and id_authority in {CONFIG}; subscribers keep the ids you begin with",
            err=True,
        )


def _program() -> str:
    """Say how this program was called, so that a line can be copied: by its name where that is on the PATH."""
    called, found = Path(sys.argv[0]), shutil.which("digestfeed")
    if called.name != "digestfeed" or (found is not None and Path(found).resolve() == called.resolve()):
        return "digestfeed"
    return str(called)


def _counted(report: Report) -> str:
    return (
        f"{report.digests} digests, {report.items} items, {report.papers} papers "
        f"({report.merged} seen more than once), "
        f"{report.fields} fields, {report.feeds} feeds; {report.written} of {report.documents} files written"
        + (f", {report.removed} removed" if report.removed else "")
        + f"; {len(report.problems)} problems; {report.seconds:.2f} s"
    )


def _lint_text(found: Lint, digests: Path) -> Iterable[str]:
    yield from (_address(digests, problem) for problem in found.problems)
    click.echo(f"{found.digests} digests, {found.items} items, {len(found.problems)} problems", err=True)


def _lint_json(found: Lint, digests: Path) -> Iterable[str]:
    import msgspec

    rows = [
        {"path": f"{digests}/{p.where.path}", "line": p.where.line, "kind": p.kind, "message": p.message}
        for p in found.problems
    ]
    chatter = [{"path": f"{digests}/{c.where.path}", "line": c.where.line, "text": c.text} for c in found.chatter]
    yield msgspec.json.format(msgspec.json.encode({"problems": rows, "chatter": chatter})).decode()


def _lint_github(found: Lint, digests: Path) -> Iterable[str]:
    for problem in found.problems:
        place = f"file={_annotated(f'{digests}/{problem.where.path}')},line={max(problem.where.line, 1)}"
        yield f"::warning {place},title={problem.kind}::{_annotated(problem.message)}"


def _annotated(text: str) -> str:
    """Escape a value of a workflow command."""
    for char, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")):
        text = text.replace(char, code)
    return text


_LINT_FORMS: dict[str, Callable[[Lint, Path], Iterable[str]]] = {
    "text": _lint_text,
    "json": _lint_json,
    "github": _lint_github,
}


def _field_lines(uses: list[FieldUse], unmatched: list[Unmatched], *, korean: bool) -> Iterable[str]:
    for use in uses:
        labels = ", ".join(f"{label} {count}" for label, count in use.labels)
        name = use.name_ko if korean else use.name_en
        yield _visible(f"{use.papers:6d}  {use.slug:32s} {name}" + (f"  <- {labels}" if labels else ""))
    for entry in unmatched:
        hint = f", nearest {entry.nearest}" if entry.nearest else ""
        yield _visible(f"no field: {entry.label} ({entry.count}{hint})")


def _suggestions(unmatched: list[Unmatched]) -> Iterable[str]:
    """Write the config that would map labels to the fields they are spelt most like; the rest as comments."""
    import json

    nearest: dict[str, list[str]] = {}
    for entry in unmatched:
        nearest.setdefault(entry.nearest or "", []).append(entry.label)
    for slug, labels in sorted(nearest.items()):
        aliases = ", ".join(json.dumps(label, ensure_ascii=False) for label in labels)
        if slug:
            yield f"[fields.{slug}]"
            yield f"aliases = [{aliases}]"
            yield ""
        else:
            yield f"# near no field: {aliases}"


def _paper_lines(paper: Paper, appearances: list[Appearance], digests: Path) -> Iterable[str]:
    rows = [
        ("key", paper.key),
        ("title", paper.title),
        *(("also titled", title) for title in paper.titles),
        ("published", f"{_rfc3339(paper.published)} by {paper.published_basis or 'nothing'}"),
        (
            "submitted",
            f"about {paper.submitted}, estimated from the arXiv id" if paper.submitted else "unknown",
        ),
        ("updated", _rfc3339(paper.updated)),
        ("fields", " ".join(paper.fields) + (" (inferred)" if paper.fields_inferred else "")),
        ("labels", ", ".join(paper.labels) or "none"),
        ("votes", "none" if paper.votes is None else str(paper.votes)),
        *((name, url) for name in ("abs", "pdf", "huggingface", "source") if (url := getattr(paper.links, name))),
    ]
    yield from (_visible(f"{name + ':':12s} {value}") for name, value in rows)
    for appearance in appearances:
        item = appearance.item
        has = [name for name in ("title", "summary", "easy_summary", "authors", "thumbnail") if getattr(item, name)]
        votes = "" if item.votes is None else f", {item.votes} votes"
        when = f"{appearance.day} by {appearance.basis}" if appearance.day else "undated"
        yield _visible(f"{digests}/{appearance.digest}:{item.line}: {when}{votes}; has {', '.join(has)}")


def _rfc3339(moment: int | None) -> str:
    from digestfeed.text import rfc3339

    return "unknown" if moment is None else rfc3339(moment)
