"""The commands that stay until Ctrl-C: `serve` and `watch`."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click

from digestfeed import sources
from digestfeed.cli import options
from digestfeed.cli.given import TEMPLATES, catalog_of, config_of, templates_of
from digestfeed.cli.talk import SHOWN, counted, print_problems, say
from digestfeed.config import CONFIG_NAME
from digestfeed.errors import DigestFeedError
from digestfeed.text import visible


@click.command()
@options.argument_out
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any that is free.")
@click.option("--live", is_flag=True, help="Build OUT when a digest, the config or a template changes, and reload.")
@click.option("--digests", type=options.Folder(), default="digests", show_default=True, help="The digests of --live.")
@options.option_config
def serve(out: Path, port: int, digests: Path, config_file: Path | None, *, live: bool) -> None:
    """Preview OUT on 127.0.0.1, as a web server would show it."""
    from digestfeed.serve import serve as show
    from digestfeed.serve import server

    if not live:
        if out.is_dir() and not (out / "index.html").is_file():
            say(f"there is no index.html in {out}: is that what a build made?")
        show(out, port, log=say)
        return
    from digestfeed.live import Reloader

    reloader, site = Reloader(), _Site(digests, out, config_file)
    site.begin()
    with server(out, port=port, extras=reloader) as preview, suppress(KeyboardInterrupt):
        threading.Thread(target=preview.serve_forever, daemon=True).start()
        say(f"{out} is shown at {preview.url}, and built when something changes, until you press Ctrl-C")
        for _ in site.changes():
            if site.build():
                reloader.built()
    reloader.end()


@click.command()
@options.argument_digests
@options.option_out
@options.option_config
@options.option_base_url(options.OVERRIDES)
def watch(digests: Path, out: Path, config_file: Path | None, base_url: str | None) -> None:
    """Build when a digest in DIGESTS, the config or a template changes, until Ctrl-C."""
    site = _Site(digests, out, config_file, base_url)
    site.begin()
    say(f"watching {digests} until you press Ctrl-C")
    with suppress(KeyboardInterrupt):
        for _ in site.changes():
            site.build()


class _Site:
    """A site that is built over and over: what is wrong is told, and the next change is waited for."""

    def __init__(self, digests: Path, out: Path, config_file: Path | None, base_url: str | None = None) -> None:
        self._digests, self._out, self._config_file, self._base_url = digests, out, config_file, base_url
        self._catalog = catalog_of(None, config_file)
        self._said = ""

    def begin(self) -> None:
        """Build for the first time; without a digests folder, or the library that watches it, do not even begin.

        Raises:
            SourceError: there is no digests folder.
            DigestFeedError: watchfiles is not installed.
        """
        from digestfeed.watch import library

        sources.require(self._digests)
        library()
        self.build()

    def build(self) -> bool:
        """Build; tell whether something was written."""
        from digestfeed.cli.building import built
        from digestfeed.cli.hints import with_next_step
        from digestfeed.config import with_base_url
        from digestfeed.pipeline.build import Options

        try:
            config = with_base_url(config_of(self._config_file), self._base_url)
            report = built(
                Options(
                    digests=self._digests,
                    out=self._out,
                    catalog=self._catalog,
                    config=config,
                    config_name=str(self._config_file or CONFIG_NAME),
                    templates=templates_of(self._config_file),
                    now=dt.datetime.now(dt.UTC),
                    jobs=1,  # the threads of a watch and of a preview are no company for processes that are forked
                )
            )
        except DigestFeedError as error:
            if self._said != str(error):
                say(visible(f"digestfeed: {with_next_step(error, str(error))}"), colour="red")
            self._said = str(error)
            return False
        self._said = ""
        print_problems(report.fresh, self._digests, limit=SHOWN)
        if report.written or report.removed:
            say(counted(report))
        return bool(report.written or report.removed)

    def changes(self) -> Iterator[list[str]]:
        """Yield each time that something changed."""
        from digestfeed.watch import changes

        config = self._config_file or Path(CONFIG_NAME)
        return changes(self._digests, [config, config.parent / TEMPLATES], [self._out, self._catalog.parent])
