"""`build`: the site from the digests, once."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digestfeed.cli import options
from digestfeed.cli.given import catalog_of, config_of, executor_at, templates_of
from digestfeed.cli.talk import SHOWN, counted, print_problems, program, progress, say, tell_file
from digestfeed.config import CONFIG_NAME
from digestfeed.problems import BY_CODE
from digestfeed.sources import would_read

if TYPE_CHECKING:
    from digestfeed.config import Config
    from digestfeed.pipeline.build import Options
    from digestfeed.pipeline.report import Report


@click.command(cls=options.Strict)
@options.argument_digests
@options.option_out
@options.option_config
@options.option_base_url(options.OVERRIDES)
@options.option_catalog
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Processes for a big change [default: one a core].")
@click.option("--executor", metavar="URL", help="Run a big change on a Dask cluster: dask://host:port.")
@click.option("--full", is_flag=True, help="Read, make and compare everything again.")
@click.option("--allow-shrink", is_flag=True, help="Publish though papers vanish whose digests are there.")
@click.option(
    "--strict",
    type=options.Codes(),
    metavar="[=CODES]",
    default=frozenset(),
    help="Publish nothing if a digest has a problem; --strict=D012,bad-link: one of these.",
)
@options.option_quiet
@click.option("-v", "--verbose", is_flag=True, help="Print what is done with each file and why, and every problem.")
@click.option("--report", "report_file", type=options.PATH, help="Write the report to this file, as JSON.")
def build(  # noqa: PLR0913, PLR0917 -- one parameter an option
    digests: Path,
    out: Path,
    config_file: Path | None,
    base_url: str | None,
    catalog: Path | None,
    jobs: int | None,
    executor: str | None,
    strict: frozenset[str],
    report_file: Path | None,
    *,
    full: bool,
    allow_shrink: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Build feeds and archive from the digests in DIGESTS, a folder read with all below it."""
    from digestfeed.config import with_base_url
    from digestfeed.pipeline.build import Options

    if quiet and verbose:
        raise click.UsageError("-q and -v contradict each other: give one of them.")
    config = with_base_url(config_of(config_file), base_url)
    catalog = catalog_of(catalog, config_file)
    with progress(shown=not quiet and not verbose) as advance, executor_at(executor) as cluster:
        report = built(
            Options(
                digests=digests,
                out=out,
                catalog=catalog,
                config=config,
                config_name=str(config_file or CONFIG_NAME),
                templates=templates_of(config_file),
                now=dt.datetime.now(dt.UTC),
                full=full,
                allow_shrink=allow_shrink,
                strict=strict & config.check.codes,
                jobs=jobs,
                executor=cluster,
                progress=advance,
                tell=tell_file if verbose else None,
            )
        )
    if report_file is not None:
        _write_report(report_file, report)
    told = [p for p in (report.problems if verbose else report.fresh) if p.code in config.check.codes]
    print_problems(told, digests, limit=None if verbose else SHOWN)
    if not quiet:
        _print_report(report, out, verbose=verbose)
        _print_advice(digests, out, config, is_configured=config_file is not None)


def built(options: Options) -> Report:
    """Build, and note for the next `ping` which feeds changed."""
    from digestfeed.pipeline.build import build as run

    report = run(options)
    if options.config.feeds.hubs:  # most sites have none, and the import takes 5 ms
        from digestfeed import websub

        websub.remember(options.config, options.catalog, report.changed_feeds)
    return report


def _write_report(path: Path, report: Report) -> None:
    from digestfeed.errors import OutputError
    from digestfeed.pipeline.report import report_bytes

    try:
        path.write_bytes(report_bytes(report))
    except OSError as error:
        raise OutputError(str(path), f"cannot write the report: {error.strerror}") from error


def _print_report(report: Report, out: Path, *, verbose: bool) -> None:
    for note in report.notes:
        say(note)
    say(counted(report))
    if report.problems:
        codes = ", ".join(f"{count} {code} {BY_CODE[code].kind}" for code, count in report.codes.items())
        say(f"problems: {codes}")
    if verbose:
        stages = ", ".join(f"{name} {seconds:.2f}" for name, seconds in report.stages.items())
        say(f"seconds: {stages}")
    say(f"look at:  {out}/index.html, {out}/feeds.opml")


def _print_advice(digests: Path, out: Path, config: Config, *, is_configured: bool) -> None:
    if would_read(out, digests):
        say(f"{digests} lies in {out}: who publishes that publishes the digests too")
    if config.is_preview:
        say(f"preview:  {program()} serve {out}")
        say(_to_publish(is_configured=is_configured))


def _to_publish(*, is_configured: bool) -> str:
    """Say what is to be set before the site goes out; or that it is set, in a config that was not read."""
    from digestfeed.cli.hints import config_above

    above = None if is_configured or Path(CONFIG_NAME).is_file() else config_above()
    if above is not None:
        return f"there is no {CONFIG_NAME} here, and {above} was not read: give it with -c, or build from its folder"
    return f"to publish, set base_url and id_authority in {CONFIG_NAME}; subscribers keep the ids you begin with"
