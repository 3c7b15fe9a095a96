"""What the parts of one build share: its options, the catalog, the runner, and what they tell one another."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from digestfeed import __version__, urls, write
from digestfeed.catalog import Catalog, KnownDigest
from digestfeed.config import CONFIG_NAME, Config
from digestfeed.model import Moment
from digestfeed.pipeline.runner import Progress, Runner
from digestfeed.sources import SourceFault, templates
from digestfeed.write import Written

if TYPE_CHECKING:
    from digestfeed.pipeline.intake import Naming
    from digestfeed.pipeline.make import DocumentPlan


Tell = Callable[[str, Path, str], None]
"""Called with what was done (`read`, `wrote`, `removed`), the file, and why."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to build: what the command line or a caller decides beside the config.

    `now` is the moment of the build, with a time zone: digests of later days are held back; nothing else depends
    on it.  `config_name` is what messages call the config, `templates` the folder of the operator's own templates, if
    there may be one.  `strict` are the codes of the problems with which nothing is published.  `executor` runs the
    tasks instead of processes of our own; `jobs` bounds these (None: one a core).  `tell` is told of each file what is
    done with it, and why.
    """

    digests: Path
    out: Path
    catalog: Path
    config: Config
    config_name: str = CONFIG_NAME
    now: dt.datetime
    templates: Path | None = None
    full: bool = False
    allow_shrink: bool = False
    strict: frozenset[str] = frozenset()
    jobs: int | None = None
    executor: Executor | None = None
    progress: Progress | None = None
    tell: Tell | None = None


class Output:
    """What a build did to the output, summed up: a list of a million files would be memory that grows."""

    def __init__(self) -> None:
        self.files = 0
        self.bytes = 0
        self.removed = 0
        self.folders: set[str] = set()
        self.feeds: set[str] = set()

    def add(self, written: Iterable[Written]) -> None:
        """Count documents that were written."""
        for document in written:
            self.files += 1
            self.bytes += document.size
            self.folders.add(document.path.rpartition("/")[0])
            if urls.is_subscription(document.path):
                self.feeds.add(document.path)


class Session:
    """A build under way.

    Attributes:
        afresh: whether every document is planned and compared again.
        months: the months (YYYYMM, 0 undated) whose papers changed.
        days: the days (YYYYMMDD, 0 undated) whose papers changed, in a catalog that is not new.
        lost: the owners of documents that someone took away from the output.
        vanished: keys whose last appearance went from a digest that is still there.
        read: the paths of the digests that were read.
        faults: what of the digests folder cannot be read.
        output: what was done to the output.
    """

    def __init__(self, options: Options, catalog: Catalog, runner: Runner) -> None:
        self.options = options
        self.config = options.config
        self.catalog = catalog
        self.runner = runner
        self.notes: list[str] = []
        self.faults: list[SourceFault] = []
        self.months: set[int] = set()
        self.days: set[int] = set()
        self.lost: set[int] = set()
        self.vanished: set[str] = set()
        self.read: set[str] = set()
        self.output = Output()
        self.afresh = False
        self._why: dict[str, str] = {}

    def unlike(self, owner: int, plans: Iterable[DocumentPlan]) -> tuple[list[DocumentPlan], set[str]]:
        """Give the plans of an owner that are not as its documents are, and the paths of these.

        Why each is to be made is kept for `tell_written`, where somebody wants to know.
        """
        from digestfeed.pipeline.plan import LOST, why

        known = self.catalog.documents(owner)
        lost: set[str] = set()
        if owner in self.lost:
            lost = {path for path in known if not write.is_there(self.options.out, path)}
        todo = [plan for plan in plans if plan.path in lost or known.get(plan.path) != plan.inputs]
        if self.options.tell is not None:
            for plan in todo:
                self._why[plan.path] = LOST if plan.path in lost else why(known.get(plan.path), plan.inputs)
        return todo, set(known)

    def tell_written(self, written: Iterable[Written]) -> None:
        """Tell why documents were written."""
        for document in written if self.options.tell is not None else ():
            self.tell("wrote", self.options.out, document.path, self._why.pop(document.path))

    def tell(self, what: str, folder: Path, path: str, why: str) -> None:
        """Tell whoever wants to know what was done with a file of a folder, and why."""
        if self.options.tell is not None:
            self.options.tell(what, folder / path, why)

    @cached_property
    def today(self) -> dt.date:
        """The day of the build, in the digests' time zone."""
        return self.options.now.astimezone(self.zone).date()

    def month_of(self, moment: Moment) -> int:
        """Give the month (YYYYMM) of a moment, in the digests' time zone."""
        day = dt.datetime.fromtimestamp(moment, self.zone)
        return day.year * 100 + day.month

    @cached_property
    def templates(self) -> dict[str, str]:
        """The operator's own templates, name → text."""
        folder = self.options.templates
        return {} if folder is None else templates(folder)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The digests' time zone."""
        return ZoneInfo(self.config.timezone)

    @cached_property
    def known(self) -> dict[str, KnownDigest]:
        """The digests as the last build left them, by path."""
        return self.catalog.digests()

    @property
    def reads_all(self) -> bool:
        """Whether every digest is read again, whatever its size, time and hash say."""
        return self.options.full or "intake" in self.stale

    @property
    def naming(self) -> Naming:
        """Labels and texts → slugs."""
        from digestfeed.pipeline.intake import naming

        return naming(self.config)

    @cached_property
    def prints(self) -> dict[str, str]:
        """Fingerprints of what a change reaches all of something: digests, fields, documents, or the catalog.

        `place` names the folders seen from where the catalog lies, so that a whole project can be moved.
        """
        config, options = self.config, self.options
        home = options.catalog.resolve().parent
        return {
            "place": " ".join(os.path.relpath(path.resolve(), home) for path in (options.digests, options.out)),
            # What is in the config's own channels is decided when a digest is read, by fields among other things.
            "intake": fingerprint(
                [
                    __version__,
                    config.timezone,
                    config.digests,
                    config.channels,
                    config.fields if config.channels else None,
                ]
            ),
            "vocabulary": fingerprint([__version__, config.fields]),
            "context": fingerprint(
                [
                    __version__,
                    msgspec.structs.replace(config, digests=Config().digests, check=Config().check),
                    sorted(self.templates.items()),
                ]
            ),
        }

    @cached_property
    def stale(self) -> frozenset[str]:
        """The names of the fingerprints that are not as the last build left them."""
        return frozenset(name for name, value in self.prints.items() if self.catalog.meta(name) != value)


def fingerprint(value: object) -> str:
    """Give a short hash of a value that msgspec can encode."""
    return hashlib.blake2b(msgspec.msgpack.encode(value), digest_size=8).hexdigest()
