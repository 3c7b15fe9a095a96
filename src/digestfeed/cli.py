"""The command line: options, one call into the pipeline, a report, an exit code.

stdout is data, stderr is talk.  Exit codes: 0 built (problems in digests are warnings), 1 failed or refused, or
`check` found problems, 2 wrong usage or config, 75 another build of the same output is running.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

import click

from digestfeed import __version__, endings
from digestfeed.errors import ConfigError, DigestFeedError
from digestfeed.problems import BY_CODE
from digestfeed.problems import select as codes_of
from digestfeed.text import visible

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

    from digestfeed.config import Config
    from digestfeed.model import Appearance, Paper, Problem
    from digestfeed.pipeline.inspect import FieldUse, Lint, Unmatched
    from digestfeed.pipeline.report import Report
    from digestfeed.pipeline.runner import Progress
    from digestfeed.pipeline.survey import Survey
    from digestfeed.recipes import Facts

CONFIG = "digestfeed.toml"
TEMPLATES = "templates"
CATALOG = Path(".digestfeed", "catalog.sqlite3")
_SHOWN = 20  # problems printed by a build before it points to `check`


_PATH = click.Path(path_type=Path, readable=False)  # what cannot be read is told by who reads it


class _Group(click.Group):
    """Turns what ends a run into one line and its exit code; a broken pipe is nobody's fault."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            with endings.stoppable():
                return super().invoke(ctx)
        except BrokenPipeError:
            _mute(sys.stdout)
            sys.exit(1)
        except BaseException as error:
            ending = endings.told(error)
            if ending is None:
                raise
            line, code = ending
            _mute(sys.stdout)
            _say(visible(f"digestfeed: {line}"), fg="red")
            sys.exit(code)


def _say(line: str, **style: str) -> None:
    """Talk, on stderr; a run does not fail because nobody can hear it."""
    try:
        click.secho(line, err=True, **style)  # type: ignore[arg-type]
    except OSError:
        _mute(sys.stderr)


def _argument_digests(function: Callable[..., None]) -> Callable[..., None]:
    return click.argument("digests", type=_PATH, default="digests")(function)


def _option_config(function: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "-c",
        "--config",
        "config_file",
        type=_PATH,
        help=f"The config [default: {CONFIG}, if there].",
    )(function)


def _mute(stream: TextIO | None) -> None:
    """Let a stream lead nowhere if what is still in it cannot be written, so that the end does not fail by it."""
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        with suppress(OSError, io.UnsupportedOperation):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def _fill_gaps() -> None:
    """Let a stream that the process was begun without lead nowhere, or the next file to be opened takes its place."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


def run() -> NoReturn:
    """Run the command line as a process of its own."""
    _fill_gaps()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that has no Korean still gets the rest
    code = 0
    try:
        main(prog_name="digestfeed")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    endings.leave(code)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="digestfeed")
def main() -> None:
    """Feeds and an archive from a folder of daily AI paper digests."""


class _Codes(click.ParamType):  # type: ignore[type-arg]  # generic in new versions of click alone
    """Problems by code or kind, separated by commas: `D012,bad-link`."""

    name = "codes"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[str]:
        if isinstance(value, frozenset):
            return value
        try:
            return codes_of(str(value).replace(" ", "").split(","))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _Strict(click.Command):
    """A command whose `--strict` may have a value behind a `=`, and alone means all.

    Click would take the next argument for that value, and that is the folder of digests.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = args.index("--") if "--" in args else len(args)
        given = ["--strict=all" if arg == "--strict" else arg for arg in args[:options]]
        return super().parse_args(ctx, given + args[options:])


@main.command(cls=_Strict)
@_argument_digests
@click.option(
    "-o",
    "--out",
    type=_PATH,
    default="out",
    show_default=True,
    help="The output folder.",
)
@_option_config
@click.option("--base-url", metavar="URL", help="Where the site will be; overrides the config's.")
@click.option("--catalog", type=_PATH, help="The catalog [default: .digestfeed beside the config].")
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Processes for a big change [default: one a core].")
@click.option("--executor", metavar="URL", help="Run a big change on a Dask cluster: dask://host:port.")
@click.option("--full", is_flag=True, help="Read, make and compare everything again.")
@click.option("--allow-shrink", is_flag=True, help="Publish though papers vanish whose digests are there.")
@click.option(
    "--strict",
    type=_Codes(),
    metavar="[=CODES]",
    default=frozenset(),
    help="Publish nothing if a digest has a problem; --strict=D012,bad-link: one of these.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing unless something is wrong.")
@click.option("-v", "--verbose", is_flag=True, help="Print every problem and every file that was written.")
@click.option("--report", "report_file", type=_PATH, help="Write the report to this file, as JSON.")
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
    from digestfeed.pipeline.build import build as run

    config = with_base_url(_config(config_file), base_url)
    home = config_file.parent if config_file else Path()
    with _progress(shown=not quiet) as progress, _executor(executor) as cluster:
        report = run(
            Options(
                digests=digests,
                out=out,
                catalog=catalog or home / CATALOG,
                config=config,
                templates=_templates(config_file),
                now=dt.datetime.now(dt.UTC),
                full=full,
                allow_shrink=allow_shrink,
                strict=strict & config.check.codes,
                jobs=jobs,
                executor=cluster,
                progress=progress,
            )
        )
    if config.feeds.hubs:
        from digestfeed import websub

        websub.remember(config, catalog or home / CATALOG, report.changed_feeds)
    if report_file is not None:
        _write_report(report_file, report)
    told = [p for p in (report.problems if verbose else report.fresh) if p.code in config.check.codes]
    _print_problems(told, digests, limit=None if verbose else _SHOWN)
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
@click.option("--select", type=_Codes(), metavar="CODES", default="all", help="Only these, as D012,bad-link.")
@click.option("--ignore", type=_Codes(), metavar="CODES", default=frozenset(), help="Not these.")
def check(digests: Path, config_file: Path | None, form: str, select: frozenset[str], ignore: frozenset[str]) -> None:
    """Say what in the digests could not be read, and where; build nothing.  Exit 1 if there is anything."""
    from digestfeed.pipeline.inspect import lint

    config = _config(config_file)
    found = lint(digests, config, _today(config), (select & config.check.codes) - ignore)
    for line in _LINT_FORMS[form](found, str(digests)):
        click.echo(line)
    if found.findings:
        sys.exit(1)


@main.command()
@click.argument("problem", nargs=-1, type=_Codes())
def explain(problem: tuple[frozenset[str], ...]) -> None:
    """Explain a kind of PROBLEM by its code or name, as D012 or bad-date; without one, list them all."""
    from digestfeed import diagnostics

    codes = sorted(frozenset[str]().union(*problem))
    lines = ["\n".join(diagnostics.explained(BY_CODE[code])) for code in codes]
    click.echo("\n\n\n".join(lines) if codes else "\n".join(diagnostics.table()))


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
@click.argument("out", type=_PATH, default="out")
@_option_config
@click.option("--max-age", type=click.IntRange(min=0), metavar="DAYS", help="Exit 1 if the newest digest is older.")
def status(out: Path, config_file: Path | None, max_age: int | None) -> None:
    """Say what the last build of OUT saw, and how old the newest digest is."""
    from digestfeed.errors import OutputError
    from digestfeed.pipeline.monitor import seen

    path, today = out / "status.json", _today(_config(config_file))
    try:
        found = seen(str(path), path.read_bytes())
    except OSError as error:
        raise OutputError(str(path), f"cannot be read: {error.strerror}; build the site first") from error
    age = found.age(today)
    newest = "none has a date" if age is None else f"the newest of {found.newest_digest}, {age} days ago"
    click.echo(f"{found.papers} papers of {found.digests} digests, {newest}; {found.problems} problems")
    if max_age is not None and found.is_stale(today, max_age):
        click.echo(f"digestfeed: no digest of the last {max_age} days", err=True)
        sys.exit(1)


@main.command()
@click.argument("out", type=_PATH, default="out")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any that is free.")
@click.option("--live", is_flag=True, help="Build OUT when a digest, the config or a template changes, and reload.")
@click.option("--digests", type=_PATH, default="digests", show_default=True, help="The digests of --live.")
@_option_config
def serve(out: Path, port: int, digests: Path, config_file: Path | None, *, live: bool) -> None:
    """Preview OUT on 127.0.0.1, as a web server would show it."""
    from digestfeed.serve import HOST, server
    from digestfeed.serve import serve as show

    if not live:
        show(out, HOST, port, log=_say)
        return
    from digestfeed.live import Reloader

    reloader, site = Reloader(), _Made(digests, out, config_file)
    site.build()
    with server(out, HOST, port, extras=reloader) as preview, suppress(KeyboardInterrupt):
        threading.Thread(target=preview.serve_forever, daemon=True).start()
        _say(f"{out} is shown at {preview.url}, and built when something changes, until you press Ctrl-C")
        for _ in site.changes():
            if site.build():
                reloader.built()
    reloader.end()


@main.command()
@_argument_digests
@click.option(
    "-o",
    "--out",
    type=_PATH,
    default="out",
    show_default=True,
    help="The output folder.",
)
@_option_config
@click.option("--base-url", metavar="URL", help="Where the site will be; overrides the config's.")
def watch(digests: Path, out: Path, config_file: Path | None, base_url: str | None) -> None:
    """Build when a digest in DIGESTS, the config or a template changes, until Ctrl-C."""
    site = _Made(digests, out, config_file, base_url)
    site.build()
    _say(f"watching {digests} until you press Ctrl-C")
    with suppress(KeyboardInterrupt):
        for _ in site.changes():
            site.build()


class _Made:
    """A site that is built over and over: what is wrong is told, and the next change is waited for."""

    def __init__(self, digests: Path, out: Path, config_file: Path | None, base_url: str | None = None) -> None:
        self._digests, self._out, self._config_file, self._base_url = digests, out, config_file, base_url
        self._home = config_file.parent if config_file else Path()
        self._said = ""

    def build(self) -> bool:
        """Build; tell whether something was written."""
        from digestfeed.config import with_base_url
        from digestfeed.pipeline.build import Options
        from digestfeed.pipeline.build import build as run

        try:
            config = with_base_url(_config(self._config_file), self._base_url)
            report = run(
                Options(
                    digests=self._digests,
                    out=self._out,
                    catalog=self._home / CATALOG,
                    config=config,
                    templates=_templates(self._config_file),
                    now=dt.datetime.now(dt.UTC),
                    jobs=1,  # the threads of a watch and of a preview are no company for processes that are forked
                )
            )
        except DigestFeedError as error:
            if self._said != str(error):
                _say(visible(f"digestfeed: {error}"))
            self._said = str(error)
            return False
        self._said = ""
        _print_problems(report.fresh, self._digests, limit=_SHOWN)
        if config.feeds.hubs:
            from digestfeed import websub

            websub.remember(config, self._home / CATALOG, report.changed_feeds)
        if report.written or report.removed:
            _say(_counted(report))
        return bool(report.written or report.removed)

    def changes(self) -> Iterator[list[str]]:
        """Yield each time that something changed."""
        from digestfeed.watch import changes

        config = self._config_file or Path(CONFIG)
        return changes(self._digests, [config, config.parent / TEMPLATES], [self._out, (self._home / CATALOG).parent])


@main.command()
@_option_config
@click.option("--catalog", type=_PATH, help="The catalog [default: .digestfeed beside the config].")
def ping(config_file: Path | None, catalog: Path | None) -> None:
    """Tell the WebSub hubs of the config which feeds changed since they were last told."""
    from digestfeed import websub

    home = config_file.parent if config_file else Path()
    results = websub.ping_pending(_config(config_file), catalog or home / CATALOG)
    for result in results:
        if not result.ok:
            click.echo(visible(str(result)), err=True)
    if not all(result.ok for result in results):
        sys.exit(1)


_RECIPES = (
    ("cron", "A line for crontab, in deploy/."),
    ("systemd", "A service and its timer, in deploy/."),
    ("github", "A workflow that builds and publishes on GitHub Pages."),
    ("gitlab", "A pipeline that builds and publishes on GitLab Pages."),
    ("docker", "A Dockerfile."),
)


def _option_recipes(function: Callable[..., None]) -> Callable[..., None]:
    for name, text in reversed(_RECIPES):
        function = click.option(f"--{name}", is_flag=True, help=text)(function)
    return function


@main.command()
@click.argument("digests", default="", metavar="[DIGESTS]")
@click.option("--title", help="The site's title.")
@click.option("--base-url", metavar="URL", help="Where the site will be.")
@_option_recipes
def init(digests: str, title: str | None, base_url: str | None, **wanted: bool) -> None:
    """Begin a project in the current folder: a commented config for the digests there are, and what runs it.

    Nothing that is there is overwritten.
    """
    from digestfeed import recipes, write
    from digestfeed.pipeline.survey import USUAL, survey

    folder = Path.cwd()
    found = survey(folder, [digests] if digests else [USUAL, *_folders(folder)])
    is_hosted = wanted["github"] or wanted["gitlab"]
    facts = _facts(folder, found, title, base_url or (_hosted_at(folder) if is_hosted else None))
    names = (recipes.CONFIG, *(name for name, is_wanted in wanted.items() if is_wanted))
    for path, text in recipes.write_recipes(names, facts).items():
        is_new = write.create(folder, path, text.encode())
        click.echo(f"{path}: {'written' if is_new else 'is there already, left alone'}", err=True)
    click.echo(f"{found.digests}/: {found.files or 'no'} digests", err=True)
    named = "" if found.digests == USUAL else f" {found.digests}"
    click.echo(f"next: {_program()} build{named} && {_program()} serve", err=True)


def _folders(folder: Path) -> list[str]:
    """The folders of a project that may hold its digests."""
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name[0] not in "._")


def _facts(folder: Path, found: Survey, title: str | None, base_url: str | None) -> Facts:
    """Find out what a new project's recipes say; refuse a base URL or a title that the config would not take."""
    import getpass

    from digestfeed import recipes
    from digestfeed.config import Config, checked

    year = dt.datetime.now(dt.UTC).year
    defaults = recipes.DEFAULTS[found.language]
    facts = recipes.Facts(
        folder=str(folder),
        program=str(Path(sys.argv[0]).absolute()),
        user=getpass.getuser(),
        digests=found.digests,
        title=title or defaults.title,
        description=defaults.description,
        language=found.language,
        timezone=recipes.timezone_of(found.language, _system_zone()),
        base_url=base_url,
        authority=recipes.authority_of(base_url, year) if base_url else None,
        requirement=_requirement(),
    )
    checked("--base-url", Config(base_url=base_url or Config().base_url))
    return facts


def _hosted_at(folder: Path) -> str | None:
    from digestfeed.recipes import hosted_at

    return hosted_at(_text(folder / ".git" / "config"), _text(folder / "CNAME"))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _system_zone() -> str:
    """The IANA name of the machine's time zone, or nothing."""
    named = os.environ.get("TZ", "").lstrip(":") or str(Path("/etc/localtime").resolve())
    return named.rpartition("zoneinfo/")[2]


def _requirement() -> str:
    """How pip installs this digestfeed elsewhere (PEP 508), by what it noted when it installed it here (PEP 610)."""
    import json
    from importlib import metadata

    noted = json.loads(metadata.distribution("digestfeed").read_text("direct_url.json") or "{}")
    vcs = noted.get("vcs_info")
    if vcs:
        return f"digestfeed @ {vcs['vcs']}+{noted['url']}@{vcs['commit_id']}"
    return f"digestfeed=={__version__}"


@main.command()
@click.argument("target")
@click.argument("out", type=click.Path(path_type=Path, exists=True, file_okay=False), default="out")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing unless something is wrong.")
def publish(target: str, out: Path, *, quiet: bool) -> None:
    """Put OUT where people find it: TARGET is a folder or a URL (s3://bucket/…, sftp://user@host/…).

    Sends only what changed since the last time, and removes only what it put there itself.
    """
    from digestfeed.mirror import mirror, open_target
    from digestfeed.write import Lock

    with Lock(out), _progress(shown=not quiet) as progress:
        done = mirror(out, open_target(target), progress)
    if not quiet:
        sent = f"{done.sent} files sent ({done.bytes / 1e6:.1f} MB)"
        click.echo(f"{sent}, {done.removed} removed, {done.unchanged} as they were", err=True)


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


def _executor(address: str | None) -> AbstractContextManager[Executor | None]:
    from contextlib import nullcontext

    if address is None:
        return nullcontext()
    from digestfeed.pipeline.cluster import executor_at

    return executor_at(address)


def _templates(path: Path | None) -> Path | None:
    """The folder of the operator's own templates: beside the config, if there is one."""
    named = path or Path(CONFIG)
    return named.parent / TEMPLATES if named.is_file() else None


def _today(config: Config) -> dt.date:
    from zoneinfo import ZoneInfo

    return dt.datetime.now(ZoneInfo(config.timezone)).date()


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
    from digestfeed.errors import OutputError
    from digestfeed.pipeline.report import report_bytes

    try:
        path.write_bytes(report_bytes(report))
    except OSError as error:
        raise OutputError(str(path), f"cannot write the report: {error.strerror}") from error


def _print_problems(problems: Iterable[Problem], digests: Path, *, limit: int | None) -> None:
    found = list(problems)
    for problem in found[:limit]:
        _say(visible(f"{digests}/{problem}"))
    if limit is not None and len(found) > limit:
        _say(visible(f"… and {len(found) - limit} more problems: digestfeed check {digests}"))


def _print_report(report: Report, out: Path, config: Config, *, verbose: bool) -> None:
    for note in report.notes:
        _say(note)
    _say(_counted(report))
    if report.problems:
        codes = ", ".join(f"{count} {code} {BY_CODE[code].kind}" for code, count in report.codes.items())
        _say(f"problems: {codes}")
    if verbose:
        stages = ", ".join(f"{name} {seconds:.2f}" for name, seconds in report.stages.items())
        _say(f"seconds: {stages}")
    _say(f"look at:  {out}/index.html, {out}/feeds.opml")
    if config.is_preview:
        _say(
            f"preview:  {_program()} serve {out}\n"
            f"to publish, set base_url and id_authority in {CONFIG}; subscribers keep the ids you begin with"
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


def _lint_text(found: Lint, digests: str) -> Iterable[str]:
    from digestfeed.diagnostics import as_text

    yield from as_text(found.findings, digests)
    _print_summary(found)


def _lint_json(found: Lint, digests: str) -> Iterable[str]:
    from digestfeed.diagnostics import as_json

    yield as_json(found.findings, found.chatter, digests)


def _lint_github(found: Lint, digests: str) -> Iterable[str]:
    from digestfeed.diagnostics import as_github

    yield from as_github(found.findings, digests)
    _print_summary(found)


def _print_summary(found: Lint) -> None:
    from digestfeed.diagnostics import summary

    ignored = f", {found.ignored} ignored" if found.ignored else ""
    _say(f"{found.digests} digests, {found.items} items, {len(found.findings)} problems{ignored}")
    for line in summary(finding.problem for finding in found.findings):
        _say(line)


_LINT_FORMS: dict[str, Callable[[Lint, str], Iterable[str]]] = {
    "text": _lint_text,
    "json": _lint_json,
    "github": _lint_github,
}


def _field_lines(uses: list[FieldUse], unmatched: list[Unmatched], *, korean: bool) -> Iterable[str]:
    for use in uses:
        labels = ", ".join(f"{label} {count}" for label, count in use.labels)
        name = use.name_ko if korean else use.name_en
        yield visible(f"{use.papers:6d}  {use.slug:32s} {name}" + (f"  <- {labels}" if labels else ""))
    for entry in unmatched:
        hint = f", nearest {entry.nearest}" if entry.nearest else ""
        yield visible(f"no field: {entry.label} ({entry.count}{hint})")


def _suggestions(unmatched: list[Unmatched]) -> Iterable[str]:
    """Write the config that would map labels to the fields they are spelt most like; the rest as comments."""
    import json

    nearest: dict[str, list[str]] = {}
    for entry in unmatched:
        nearest.setdefault(entry.nearest or "", []).append(entry.label)
    for slug, labels in sorted(nearest.items()):
        # The escapes of `visible` are those of TOML.
        aliases = ", ".join(visible(json.dumps(label, ensure_ascii=False)) for label in labels)
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
    yield from (visible(f"{name + ':':12s} {value}") for name, value in rows)
    for appearance in appearances:
        item = appearance.item
        has = [name for name in ("title", "summary", "easy_summary", "authors", "thumbnail") if getattr(item, name)]
        votes = "" if item.votes is None else f", {item.votes} votes"
        when = f"{appearance.day} by {appearance.basis}" if appearance.day else "undated"
        yield visible(f"{digests}/{appearance.digest}:{item.line}: {when}{votes}; has {', '.join(has)}")


def _rfc3339(moment: int | None) -> str:
    from digestfeed.text import rfc3339

    return "unknown" if moment is None else rfc3339(moment)
