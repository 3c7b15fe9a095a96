"""The Python API: what a program may call; everything else of the package may change with any version.

The names here are those of `digestfeed` itself: `import digestfeed; digestfeed.build("digests", "out")`.  They and the
fields of the types they give keep their names and meanings within a major version; new ones may be added.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from pathlib import Path
from zoneinfo import ZoneInfo

from digestfeed import problems, websub
from digestfeed.config import CATALOG, Config
from digestfeed.errors import BusyError, ConfigError, DigestFeedError, OutputError, RefusedError, SourceError
from digestfeed.model import Appearance, Digest, Item, Location, Mention, Paper, Parsed, Problem
from digestfeed.parse import parse
from digestfeed.pipeline.build import Options
from digestfeed.pipeline.build import build as _build
from digestfeed.pipeline.inspect import all_papers
from digestfeed.pipeline.report import Report
from digestfeed.sources import read_config

__all__ = [
    "Appearance",
    "BusyError",
    "Config",
    "ConfigError",
    "Digest",
    "DigestFeedError",
    "Item",
    "Location",
    "Mention",
    "OutputError",
    "Paper",
    "Parsed",
    "Problem",
    "RefusedError",
    "Report",
    "SourceError",
    "build",
    "papers",
    "parse_digest",
    "read_config",
]

AnyPath = str | os.PathLike[str]


def build(  # noqa: PLR0913 -- keywords, as on the command line
    digests: AnyPath,
    out: AnyPath,
    *,
    config: Config | None = None,
    catalog: AnyPath = CATALOG,
    now: dt.datetime | None = None,
    templates: AnyPath | None = None,
    full: bool = False,
    strict: bool | Iterable[str] = False,
    allow_shrink: bool = False,
    jobs: int | None = 1,
    executor: Executor | None = None,
) -> Report:
    """Build the site, as `digestfeed build` does; only what changed since the last build with this catalog is made.

    If the config has WebSub hubs, the feeds that changed are noted beside the catalog for the next `digestfeed ping`.

    Args:
        digests: the folder of digests, read with all below it.
        out: the output folder.
        config: the settings; the defaults where there are none.
        catalog: the file that remembers; it belongs to this pair of folders.
        now: the moment of the build, with a time zone; digests of later days, in the config's time zone, wait.  By
            default this moment.
        templates: a folder of templates that go before those of the package.
        full: read, make and compare everything again.
        strict: publish nothing if a digest has a problem; or only if it has one of these codes or kinds.
        allow_shrink: publish though papers vanish whose digests are there.
        jobs: processes for a big change; None: one a core.
        executor: runs the tasks instead of these; tasks and results can be pickled, and neither folder has to be
            where it runs.

    Raises:
        DigestFeedError: nothing was published; its kinds say why.
        ValueError: a name in `strict` is neither a code nor a kind.
    """
    options = Options(
        digests=Path(digests),
        out=Path(out),
        catalog=Path(catalog),
        config=config or Config(),
        now=now or dt.datetime.now(dt.UTC),
        templates=None if templates is None else Path(templates),
        full=full,
        allow_shrink=allow_shrink,
        strict=problems.ALL if strict is True else problems.select(strict or ()),
        jobs=jobs,
        executor=executor,
    )
    report = _build(options)
    websub.remember(options.config, options.catalog, report.changed_feeds)
    return report


def parse_digest(text: str, name: str = "digest.md") -> Parsed:
    """Read the text of one digest: its items, its chatter, and what could not be read, each with its line.

    `name` is the file's path, for the locations of problems.  Nothing is inferred: no days, no fields, no merging.
    """
    return parse(name, text)


def papers(digests: AnyPath, *, config: Config | None = None, now: dt.datetime | None = None) -> Iterator[Paper]:
    """Give the papers of a folder, each once, as the site has them, in order of (published, key); the undated first.

    Builds nothing and remembers nothing.  `now` is a moment with a time zone, by default this one: digests of later
    days are left out.

    Raises:
        SourceError: there is no such folder.
    """
    settings = config or Config()
    today = (now or dt.datetime.now(dt.UTC)).astimezone(ZoneInfo(settings.timezone)).date()
    return iter(all_papers(Path(digests), settings, today))
