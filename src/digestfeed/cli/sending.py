"""The commands that reach out: `fetch`, `publish` and `ping`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from digestfeed.cli import options
from digestfeed.cli.given import catalog_of, config_of
from digestfeed.cli.talk import progress, say
from digestfeed.sources import would_read
from digestfeed.text import number_of, visible


def _is_path(place: str) -> bool:
    return "://" not in place


@click.command()
@options.option_config
@options.option_catalog
def ping(config_file: Path | None, catalog: Path | None) -> None:
    """Tell the WebSub hubs of the config which feeds changed since they were last told."""
    from digestfeed import websub

    results = websub.ping_pending(config_of(config_file), catalog_of(catalog, config_file))
    failed = [result for result in results if not result.ok]
    for result in failed:
        say(visible(str(result)))
    if failed:
        sys.exit(1)


@click.command()
@click.argument("target")
@options.argument_out
@options.option_quiet
def publish(target: str, out: Path, *, quiet: bool) -> None:
    """Put OUT where people find it: TARGET is a folder or a URL (s3://bucket/…, sftp://user@host/…).

    Sends only what changed since the last time, and removes only what it put there itself.
    """
    from digestfeed.errors import OutputError
    from digestfeed.mirror import mirror
    from digestfeed.storage import open_storage
    from digestfeed.write import Lock

    if not out.is_dir():
        if ":/" in str(out):
            raise click.UsageError(f"The target comes first, then the folder: digestfeed publish TARGET {target}")
        raise OutputError(str(out), "no such folder; build the site first: digestfeed build")
    if _is_path(target) and would_read(out, target):
        raise click.UsageError(f"The target {target} lies in {out}: the site would be published into itself.")
    with Lock(out), progress(shown=not quiet) as advance:
        done = mirror(out, open_storage(target), advance)
    if not quiet:
        sent = f"{number_of(done.sent, 'file')} sent ({done.bytes / 1e6:.1f} MB)"
        say(f"{sent}, {done.removed} removed, {done.unchanged} as they were")


@click.command()
@click.argument("source")
@options.argument_digests
@options.option_config
@click.option("--allow-shrink", is_flag=True, help="Remove digests also when more of them are gone than are left.")
@options.option_quiet
def fetch(source: str, digests: Path, config_file: Path | None, *, allow_shrink: bool, quiet: bool) -> None:
    """Bring digests to DIGESTS from where they are: SOURCE is a folder or a URL (s3://bucket/…, sftp://user@host/…).

    Brings only what changed since the last time, and removes only what it brought itself and is gone there.
    """
    from digestfeed.errors import SourceError
    from digestfeed.fetch import fetch as bring
    from digestfeed.storage import open_storage
    from digestfeed.write import Lock

    max_bytes = config_of(config_file).digests.max_bytes
    if _is_path(source) and would_read(source, digests):
        raise click.UsageError(
            f"{digests} lies in the source {source}: each fetch would bring what the last one brought."
        )
    opened = open_storage(source, SourceError)
    with Lock(digests), progress(shown=not quiet) as advance:
        done = bring(opened, digests, max_bytes, allow_shrink=allow_shrink, progress=advance)
    for fault in done.skipped:
        say(visible(f"{opened.url}: {fault.path}: {fault.reason}"))
    if not quiet:
        brought = f"{number_of(done.brought, 'digest')} fetched ({done.bytes / 1e6:.1f} MB)"
        say(f"{brought}, {done.removed} removed, {done.unchanged} as they were")
