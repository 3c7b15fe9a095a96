"""The build: composes the stages, and touches only what changed.

    scan ─► take in ─► merge ─► shelve ─► plan ─► make ─► clean up ─► commit

What changed is found by size and mtime, then by hash; from there on only the keys, months and channels that a
change reaches are looked at.  What a build without changes does not need is imported where it is needed.
"""

from __future__ import annotations

import time

from digestfeed import sources, urls, write
from digestfeed.catalog import Catalog
from digestfeed.errors import ConfigError, RefusedError
from digestfeed.pipeline.gather import INSIST, Changes, find_changes, gather
from digestfeed.pipeline.report import Report, gather_problems, papers_in, report_of
from digestfeed.pipeline.runner import Runner
from digestfeed.pipeline.session import Options, Session
from digestfeed.text import number_of

__all__ = ["Options", "build"]


def build(options: Options) -> Report:
    """Build the site.

    Raises:
        SourceError: there is no digests folder.
        ConfigError: the output would lie among the digests.
        RefusedError: it holds no digest, papers would vanish though their digests are there, or `strict` and there
            are problems.
        BusyError: another build of the same output, or with the same catalog, is running.
        OutputError: the output or the catalog cannot be written.
    """
    started = time.perf_counter()
    sources.require(options.digests)  # before anything is made for a build that cannot be
    if sources.would_read(options.digests, options.out):
        raise ConfigError(
            str(options.out), f"the next build would read the output as digests of {options.digests}; choose another -o"
        )
    runner = Runner(options.jobs, options.executor, options.progress)
    with write.Lock(options.out), write.CatalogLock(options.catalog), Catalog(options.catalog) as catalog, runner:
        session = Session(options, catalog, runner)
        _begin(session)
        with runner.stage("scan"):
            changes = find_changes(session)
            if not session.afresh:
                session.lost = _lost_owners(session)
        if changes or session.lost or session.afresh or session.stale:
            _go(session, changes)
        return report_of(session, time.perf_counter() - started)


def _begin(session: Session) -> None:
    """Decide how far the catalog is believed."""
    catalog = session.catalog
    if not catalog.is_new and "place" in session.stale:
        catalog.begin_anew("the catalog is of another output or digests folder")
    if catalog.reason:
        session.notes.append(f"{catalog.reason}: everything is built again")
    elif catalog.was_interrupted:
        session.notes.append("the last build was interrupted: everything is checked again")
    session.afresh = catalog.is_new or catalog.was_interrupted or session.options.full


def _lost_owners(session: Session) -> set[int]:
    """Find documents that someone took away, by folders whose mtime is another; give their owners."""
    catalog, out = session.catalog, session.options.out
    known = catalog.folders()
    now = dict(write.folder_times(out, known))
    lost: set[int] = set()
    for folder, mtime in known.items():
        if now.get(folder) != mtime:
            prefix = f"{folder}/" if folder else ""
            gone = catalog.names_in(prefix) - write.files_in(out, folder)
            lost |= {owner for name in gone if (owner := catalog.owner_of(prefix + name)) is not None}
    return lost


def _go(session: Session, changes: Changes) -> None:
    from digestfeed.pipeline.plan import SITE
    from digestfeed.pipeline.publish import publish

    catalog = session.catalog
    catalog.begin()
    if session.afresh:
        catalog.distrust_documents()
    gather(session, changes)
    _guard(session)
    publish(session)
    if catalog.was_interrupted:  # which feeds the build changed that died was told to nobody
        session.output.feeds.update(filter(urls.is_subscription, catalog.documents(SITE)))
    catalog.commit()


def _guard(session: Session) -> None:
    """Refuse to let papers vanish whose digests are still there, and the problems that `strict` names."""
    if session.vanished and not session.options.allow_shrink:
        gone = sorted(session.vanished)
        named = ", ".join(gone[:3]) + (f" and {len(gone) - 3} more" if len(gone) > 3 else "")
        raise RefusedError(f"{named} would vanish though the digest is still there", INSIST)
    if session.catalog.is_new and not session.options.allow_shrink:
        _guard_forgotten(session)
    strict = session.options.strict
    if strict:
        problems, _ = gather_problems(session.catalog.reports(), session.faults)
        found = [problem for problem in problems if problem.code in strict]
        if found:
            first = f"{session.options.digests}/{found[0]}"
            way_out = f"`digestfeed check {session.options.digests}` shows them."
            raise RefusedError(f"{number_of(len(found), 'problem')} in the digests, the first: {first}", way_out)


def _guard_forgotten(session: Session) -> None:
    """Refuse to let papers vanish that only a catalog knew, and the output shows.

    They are those of digests that could be read once, or were of today when the clock was right.
    """
    catalog = session.catalog
    silent = sum(digest.fault is not None or digest.held > 0 for digest in catalog.digests().values())
    if silent or session.faults:
        there = papers_in(write.head_of(session.options.out, urls.STATUS, _STATUS_UP_TO))
        gone = there - catalog.totals()[2]
        if gone > 0:
            digests = number_of(silent + len(session.faults), "digest")
            raise RefusedError(
                f"{number_of(gone, 'paper')} would vanish: {digests} cannot be read, or of a later day, and the "
                "catalog that knew them is gone",
                INSIST,
            )


_STATUS_UP_TO = 10_000_000  # bytes; it lists some hundred problems at most
