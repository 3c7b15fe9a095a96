"""What is known: digests, appearances, papers, shelves and the documents written, in one SQLite file.

Owns the tables and the statements; refuses policy.  The catalog is a cache: without it a build takes longer and
writes the same bytes.  So a file that is missing, of another schema, damaged, or touched by anything but the
last build (its size and mtime stand in a stamp beside it) is begun anew, and `reason` says why.

A run is one transaction.  While it goes on a mark lies beside the file: a run that finds the mark of another
knows that that one died half-way, and trusts neither the documents nor their hashes.  A rollback journal is
used, not WAL: a big run is one big transaction, which WAL would write twice.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import msgspec

from digestfeed.errors import OutputError

SCHEMA = 6
_CACHE_KIB = 24_000  # of SQLite's pages; more buys nothing measurable and counts against the memory promise

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE digest (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    hash BLOB NOT NULL, items INTEGER NOT NULL, held INTEGER NOT NULL, fault TEXT, newest TEXT, report BLOB);
CREATE TABLE appearance (
    digest INTEGER NOT NULL, key TEXT NOT NULL, day INTEGER NOT NULL, published INTEGER NOT NULL, votes INTEGER,
    fields TEXT NOT NULL, inferred INTEGER NOT NULL, labels TEXT NOT NULL, chosen TEXT NOT NULL,
    hash BLOB NOT NULL, body BLOB NOT NULL);
CREATE TABLE paper (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, day INTEGER NOT NULL, published INTEGER NOT NULL,
    fields TEXT NOT NULL, inferred INTEGER NOT NULL, labels TEXT NOT NULL, shown INTEGER NOT NULL,
    hash BLOB NOT NULL);
CREATE TABLE special (
    channel TEXT NOT NULL, key TEXT NOT NULL, origin TEXT NOT NULL, month INTEGER NOT NULL, entered INTEGER NOT NULL,
    PRIMARY KEY (channel, key)) WITHOUT ROWID;
CREATE TABLE shelf (
    channel TEXT NOT NULL, month INTEGER NOT NULL, count INTEGER NOT NULL, papers BLOB NOT NULL,
    PRIMARY KEY (month, channel)) WITHOUT ROWID;
CREATE TABLE day (day INTEGER PRIMARY KEY, papers INTEGER NOT NULL);
CREATE TABLE document (
    path TEXT PRIMARY KEY, owner INTEGER NOT NULL, inputs BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE entry (hash BLOB PRIMARY KEY, rendered BLOB NOT NULL);
CREATE TABLE data_file (path TEXT PRIMARY KEY, size INTEGER NOT NULL, sha256 BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE folder (path TEXT PRIMARY KEY, mtime_ns INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE published (channel TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_INDEXES = {
    "appearance": (
        "CREATE INDEX IF NOT EXISTS appearance_key ON appearance (key)",
        "CREATE INDEX IF NOT EXISTS appearance_digest ON appearance (digest)",
    ),
    "paper": (
        "CREATE UNIQUE INDEX IF NOT EXISTS paper_key ON paper (key)",
        "CREATE INDEX IF NOT EXISTS paper_day ON paper (day, published, key)",
        "CREATE INDEX IF NOT EXISTS paper_shown_again ON paper (id) WHERE shown > 1",
        "CREATE INDEX IF NOT EXISTS special_month ON special (month, channel)",
        "CREATE INDEX IF NOT EXISTS special_origin ON special (origin)",
        "CREATE INDEX IF NOT EXISTS special_key ON special (key)",
    ),
    "document": ("CREATE INDEX IF NOT EXISTS document_owner ON document (owner)",),
}


class KnownDigest(msgspec.Struct, frozen=True):
    """A digest as it was last taken in.

    `held` is the first day (YYYYMMDD) on which a held-back section is due, or 0; `fault` says why the file cannot
    be read now, with its papers kept.
    """

    id: int
    path: str
    size: int
    mtime_ns: int
    hash: bytes
    held: int
    fault: str | None


class AppearanceRow(msgspec.Struct, frozen=True, array_like=True):
    """An appearance, and what a paper of it alone would be: day (YYYYMMDD, 0 undated), fields, labels.

    `chosen` are the slugs of the config's own channels that such a paper is in, separated by blanks; `body` is the
    encoded `model.Appearance`, `hash` its digest.
    """

    key: str
    day: int
    published: int
    votes: int | None
    fields: str
    inferred: int
    labels: str
    chosen: str
    hash: bytes
    body: bytes


class PaperRow(msgspec.Struct, frozen=True):
    """What the catalog keeps of a merged paper; slugs in `fields` are separated by blanks, labels by newlines.

    `shown` counts its appearances.
    """

    id: int
    key: str
    day: int
    published: int
    fields: str
    inferred: int
    labels: str
    shown: int
    hash: bytes

    @property
    def month(self) -> int:
        """The month that the paper is kept in: YYYYMM, 0 for the undated."""
        return self.day // 100


class Special(msgspec.Struct, frozen=True):
    """That a paper is in a channel for another reason than its fields, since when, and in which month (YYYYMM)."""

    channel: str
    key: str
    month: int
    entered: int


_PAPER = "id, key, day, published, fields, inferred, labels, shown, hash"
_APPEARANCE = "key, day, published, votes, fields, inferred, labels, chosen, hash, body"


class Catalog:
    """An open catalog.  Use as a context manager: what is not committed is rolled back.

    Attributes:
        reason: why it was begun anew, in words; None where it was not.
        is_new: whether nothing is known.
        was_interrupted: whether the last build died half-way.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.reason: str | None = None
        self._stamp = path.with_name(path.name + ".stamp")
        self._mark = path.with_name(path.name + ".building")
        self._wrote = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.was_interrupted = self._mark.exists()
            self._db = self._open()
            self.is_new = self.meta("complete") is None
        except (OSError, sqlite3.Error) as error:
            raise OutputError(str(path), f"cannot use the catalog: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        with suppress(sqlite3.Error, OSError):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
                if not self._wrote and not self.was_interrupted:
                    self._settle()
            if _is_damage(error):
                self._stamp.write_text(_DAMAGED, "ascii")
        self._db.close()
        if isinstance(error, sqlite3.Error | msgspec.MsgspecError):
            way_out = "; the next build makes a new one" if _is_damage(error) else ""
            raise OutputError(str(self.path), f"cannot use the catalog: {error}{way_out}") from error

    # -- opening --------------------------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        if self.path.exists():
            db = sqlite3.connect(self.path, isolation_level=None)
            try:
                _tune(db)
                self.reason = self._distrust(db)
            except sqlite3.Error as error:
                if not _is_damage(error):
                    db.close()
                    raise
                self.reason = f"the catalog is damaged ({error})"
            if self.reason is None:
                return db
            db.close()
            self._remove()
        return self._create()

    def _create(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None)
        _tune(db)
        db.executescript(_TABLES)
        db.execute(f"PRAGMA user_version = {SCHEMA}")
        return db

    def begin_anew(self, reason: str) -> None:
        """Forget everything, and say why."""
        self._db.close()
        self._remove()
        self._db = self._create()
        self.reason, self.is_new = reason, True

    def _distrust(self, db: sqlite3.Connection) -> str | None:
        """Say why the file cannot be believed, or None."""
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if self._read_stamp() == _DAMAGED or not version:
            return "the catalog is damaged"
        if version != SCHEMA:
            return f"the catalog has schema {version}, this version writes {SCHEMA}"
        known = db.execute("SELECT 1 FROM meta WHERE name = 'complete'").fetchone() is not None
        if known and self._read_stamp() != self._stat() and not self.was_interrupted:
            return "the catalog was changed by something else"
        return None

    def _stat(self) -> str:
        info = self.path.stat()
        return f"{info.st_size} {info.st_mtime_ns}"

    def _read_stamp(self) -> str | None:
        try:
            return self._stamp.read_text("ascii")
        except (OSError, ValueError):
            return None

    def _remove(self) -> None:
        for path in (self.path, self.path.with_name(self.path.name + "-journal"), self._stamp):
            path.unlink(missing_ok=True)

    # -- the run --------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Open the run's transaction, and lay the mark."""
        with _explained(self.path):
            self._mark.touch()
            self._db.execute("BEGIN IMMEDIATE")

    def writing(self) -> None:
        """Say that documents are written from here on: without a commit the next run may not trust them."""
        self._wrote = True
        with _explained(self.path):
            handle = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(handle)  # the mark outlives a power cut, as what is written from here on may
            finally:
                os.close(handle)

    def commit(self) -> None:
        """End the run: all that was said becomes known at once, and the mark goes."""
        with _explained(self.path):
            self.remember("complete", "1")
            self._db.execute("COMMIT")
            self._settle()

    def _settle(self) -> None:
        self._stamp.write_text(self._stat(), "ascii")
        self._mark.unlink(missing_ok=True)

    def distrust_documents(self) -> None:
        """Forget what the documents were made from, but not their paths: they are made again, or removed if stale."""
        self._db.execute("UPDATE document SET inputs = x''")
        self._db.execute("DELETE FROM folder")
        self._db.execute("DELETE FROM entry")

    def index(self, table: str) -> None:
        """Build a table's indexes; after it is filled, because to fill them row by row costs twice as much."""
        for statement in _INDEXES[table]:
            self._db.execute(statement)

    def meta(self, name: str) -> str | None:
        """Give a remembered value."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def remember(self, name: str, value: str) -> None:
        """Remember a value."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    # -- digests and appearances ----------------------------------------------------------------------------

    def digests(self) -> dict[str, KnownDigest]:
        """Give all digests known, by path."""
        rows = self._db.execute("SELECT id, path, size, mtime_ns, hash, held, fault FROM digest")
        return {row[1]: KnownDigest(*row) for row in rows}

    def put_digest(  # noqa: PLR0913 -- a row
        self,
        path: str,
        size: int,
        mtime_ns: int,
        content: bytes,
        *,
        items: int,
        held: int,
        newest: str | None,
        report: bytes | None,
    ) -> int:
        """Take in a digest and give its id; its former appearances must have been dropped."""
        self._db.execute("DELETE FROM digest WHERE path = ?", (path,))
        cursor = self._db.execute(
            "INSERT INTO digest (path, size, mtime_ns, hash, items, held, newest, report) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (path, size, mtime_ns, content, items, held, newest, report),
        )
        return int(cursor.lastrowid or 0)

    def touch_digest(self, path: str, size: int, mtime_ns: int) -> None:
        """Note that a digest's file was touched and says what it said; it is readable again."""
        self._db.execute(
            "UPDATE digest SET size = ?, mtime_ns = ?, fault = NULL WHERE path = ?", (size, mtime_ns, path)
        )

    def fault_digest(self, path: str, reason: str) -> None:
        """Note that a known digest cannot be read now; what it said stays."""
        self._db.execute("UPDATE digest SET fault = ? WHERE path = ?", (reason, path))

    def drop_digests(self, ids: Iterable[int]) -> set[str]:
        """Forget digests and their appearances; give the keys that these were of."""
        keys: set[str] = set()
        for number in ids:
            keys.update(key for (key,) in self._db.execute("SELECT key FROM appearance WHERE digest = ?", (number,)))
            self._db.execute("DELETE FROM appearance WHERE digest = ?", (number,))
            self._db.execute("DELETE FROM digest WHERE id = ?", (number,))
        return keys

    def add_appearances(self, digest: int, rows: Iterable[AppearanceRow]) -> None:
        """Take in the appearances of a digest."""
        self._db.executemany(
            f"INSERT INTO appearance (digest, {_APPEARANCE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(digest, *msgspec.structs.astuple(row)) for row in rows],
        )

    def appearances(self, key: str) -> list[AppearanceRow]:
        """Give the appearances of a key, in no order that matters."""
        rows = self._db.execute(f"SELECT {_APPEARANCE} FROM appearance WHERE key = ?", (key,))
        return [AppearanceRow(*row) for row in rows]

    def bodies(self, key: str) -> tuple[bytes, ...]:
        """Give the encoded appearances of a key."""
        return tuple(body for (body,) in self._db.execute("SELECT body FROM appearance WHERE key = ?", (key,)))

    def classified(self) -> Iterator[tuple[int, str, str]]:
        """Go over all appearances: number, labels, fields; rows may be changed on the way."""
        return self._in_turn("SELECT rowid, labels, fields FROM appearance")

    def _in_turn(self, statement: str) -> Iterator[tuple[Any, ...]]:
        """Go over all rows of a table by their numbers, the first column; rows may be changed on the way."""
        last = 0
        while rows := self._db.execute(f"{statement} WHERE rowid > ? ORDER BY rowid LIMIT 5000", (last,)).fetchall():
            yield from rows
            last = rows[-1][0]

    def body(self, number: int) -> bytes:
        """Give an encoded appearance by its number."""
        return bytes(self._db.execute("SELECT body FROM appearance WHERE rowid = ?", (number,)).fetchone()[0])

    def classify_appearances(self, found: Iterable[tuple[str, int]]) -> None:
        """Change the fields of appearances: (fields, number), of some that `classified` gives meanwhile."""
        self._db.executemany("UPDATE appearance SET fields = ? WHERE rowid = ?", found)

    def reports(self) -> Iterator[tuple[str, str | None, bytes | None]]:
        """Give (path, fault, encoded report) of the digests that have something to report, by path."""
        yield from self._db.execute(
            "SELECT path, fault, report FROM digest WHERE fault IS NOT NULL OR report IS NOT NULL ORDER BY path"
        )

    def totals(self) -> tuple[int, int, int, int, str | None]:
        """Count digests, items, papers, papers of more than one appearance; and give the newest digest's day."""
        digests, items, newest = self._db.execute("SELECT COUNT(*), SUM(items), MAX(newest) FROM digest").fetchone()
        papers = self._db.execute("SELECT COUNT(*) FROM paper").fetchone()[0]
        merged = self._db.execute("SELECT COUNT(*) FROM paper WHERE shown > 1").fetchone()[0]
        return digests, items or 0, papers, merged, newest

    # -- papers ---------------------------------------------------------------------------------------------

    def add_lone_papers(self) -> None:
        """Make a paper of each key with one appearance; for an empty table of papers."""
        self._db.execute(
            "INSERT INTO paper (key, day, published, fields, inferred, labels, shown, hash) "
            "SELECT key, day, published, fields, inferred, labels, 1, hash FROM appearance "
            "GROUP BY key HAVING COUNT(*) = 1 ORDER BY key"
        )

    def repeated_keys(self) -> list[str]:
        """Give the keys with several appearances, in order."""
        rows = self._db.execute("SELECT key FROM appearance GROUP BY key HAVING COUNT(*) > 1 ORDER BY key")
        return [key for (key,) in rows]

    def paper(self, key: str) -> PaperRow | None:
        """Give a paper by its key."""
        row = self._db.execute(f"SELECT {_PAPER} FROM paper WHERE key = ?", (key,)).fetchone()
        return PaperRow(*row) if row else None

    def papers_by_id(self, ids: Sequence[int]) -> list[PaperRow]:
        """Give papers by their ids, in the order of these."""
        rows = self._db.execute(f"SELECT {_PAPER} FROM paper WHERE id IN ({','.join(map(str, ids))})")
        found = {row[0]: PaperRow(*row) for row in rows}
        return [found[number] for number in ids]

    def month_papers(self, month: int) -> list[PaperRow]:
        """Give a month's papers in order of (published, key)."""
        rows = self._db.execute(
            f"SELECT {_PAPER} FROM paper WHERE day >= ? AND day < ? ORDER BY published, key",
            (month * 100, month * 100 + 100),
        )
        return [PaperRow(*row) for row in rows]

    def all_papers(self) -> Iterator[PaperRow]:
        """Go over all papers, by id; rows may be changed on the way."""
        return (PaperRow(*row) for row in self._in_turn(f"SELECT {_PAPER} FROM paper"))

    def put_paper(self, row: PaperRow) -> None:
        """Take in or change a paper; its key decides, `id` is ignored."""
        self._db.execute(
            "INSERT INTO paper (key, day, published, fields, inferred, labels, shown, hash) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET "
            "day = excluded.day, published = excluded.published, fields = excluded.fields, "
            "inferred = excluded.inferred, labels = excluded.labels, shown = excluded.shown, hash = excluded.hash",
            (row.key, row.day, row.published, row.fields, row.inferred, row.labels, row.shown, row.hash),
        )

    def drop_paper(self, key: str) -> None:
        """Forget a paper."""
        self._db.execute("DELETE FROM paper WHERE key = ?", (key,))

    def day_papers(self, day: int) -> list[PaperRow]:
        """Give a day's papers (YYYYMMDD), newest first."""
        rows = self._db.execute(f"SELECT {_PAPER} FROM paper WHERE day = ? ORDER BY published DESC, key DESC", (day,))
        return [PaperRow(*row) for row in rows]

    def months(self) -> list[int]:
        """Give the months that have papers, in order; 0 stands for the undated."""
        # From one month's first paper to the next one's: DISTINCT would go over all papers.
        rows = self._db.execute(
            "WITH RECURSIVE begun (month) AS (SELECT MIN(day) / 100 FROM paper UNION ALL "
            "SELECT (SELECT MIN(day) / 100 FROM paper WHERE day >= (month + 1) * 100) FROM begun "
            "WHERE month IS NOT NULL) SELECT month FROM begun WHERE month IS NOT NULL"
        )
        return [month for (month,) in rows]

    def undated_count(self) -> int:
        """Count the papers without a day."""
        return int(self._db.execute("SELECT COUNT(*) FROM paper WHERE day = 0").fetchone()[0])

    # -- channels that papers are in for another reason than their fields ---------------------------------

    def lone_chosen(self) -> list[tuple[str, int, int, str]]:
        """Give (key, day, published, slugs) of papers of one appearance that are in channels of the config."""
        rows = self._db.execute(
            "SELECT key, day, published, chosen FROM appearance WHERE chosen <> '' AND key IN "
            "(SELECT key FROM appearance GROUP BY key HAVING COUNT(*) = 1) ORDER BY key"
        )
        return rows.fetchall()

    def put_special(self, origin: str, rows: Iterable[Special]) -> set[int]:
        """Say what is in channels because of an origin: a paper, a week, a month; give the months this changes."""
        before = {
            Special(*row)
            for row in self._db.execute("SELECT channel, key, month, entered FROM special WHERE origin = ?", (origin,))
        }
        now = set(rows)
        for row in before - now:
            self._db.execute("DELETE FROM special WHERE channel = ? AND key = ?", (row.channel, row.key))
        self._db.executemany(
            "INSERT OR REPLACE INTO special (channel, key, origin, month, entered) VALUES (?, ?, ?, ?, ?)",
            [(row.channel, row.key, origin, row.month, row.entered) for row in now - before],
        )
        return {row.month for row in before ^ now}

    def special_months(self, key: str) -> set[int]:
        """Give the months in which a paper entered such channels."""
        return {month for (month,) in self._db.execute("SELECT month FROM special WHERE key = ?", (key,))}

    def specials(self, month: int) -> list[tuple[str, int]]:
        """Give (channel, paper id) of those that entered in a month, in order of channel, moment and key."""
        return self._db.execute(
            "SELECT special.channel, paper.id FROM special JOIN paper USING (key) WHERE special.month = ? "
            "ORDER BY special.channel, special.entered, special.key",
            (month,),
        ).fetchall()

    def votes_between(self, first: int, last: int) -> dict[str, list[tuple[int, int | None]]]:
        """Give key → (moment, votes) of each appearance, for papers of the days YYYYMMDD first to last."""
        found: dict[str, list[tuple[int, int | None]]] = {}
        for key, published, votes in self._db.execute(
            "SELECT key, appearance.published, appearance.votes FROM paper JOIN appearance USING (key) "
            "WHERE paper.day BETWEEN ? AND ? ORDER BY key, appearance.published",
            (first, last),
        ):
            found.setdefault(key, []).append((published, votes))
        return found

    def days(self, month: int) -> list[int]:
        """Give the days (YYYYMMDD) of a month that have papers, in order."""
        rows = self._db.execute(
            "SELECT DISTINCT day FROM paper WHERE day >= ? AND day < ? ORDER BY day",
            (month * 100, month * 100 + 100),
        )
        return [day for (day,) in rows]

    def newest_day(self) -> int:
        """Give the last day (YYYYMMDD) that is known, of a digest or of a paper; 0 for none."""
        dated = self._db.execute("SELECT MAX(newest) FROM digest").fetchone()[0]
        estimated = self._db.execute("SELECT MAX(day) FROM paper").fetchone()[0]
        return max(int(str(dated or "0").replace("-", "")), estimated or 0)

    # -- shelves: which papers of a month a channel holds --------------------------------------------------

    def put_shelves(self, month: int, shelves: dict[str, bytes]) -> None:
        """Take in a month's shelves: channel → the ids of its papers, or its days, four bytes each, in order."""
        self._db.execute("DELETE FROM shelf WHERE month = ?", (month,))
        self._db.executemany(
            "INSERT INTO shelf VALUES (?, ?, ?, ?)",
            [(channel, month, len(papers) // 4, papers) for channel, papers in sorted(shelves.items())],
        )

    def put_days(self, month: int, counts: Mapping[int, int]) -> None:
        """Take in how many papers each day (YYYYMMDD) of a month has, so that nobody has to count them all."""
        self._db.execute("DELETE FROM day WHERE day >= ? AND day < ?", (month * 100, month * 100 + 100))
        self._db.executemany("INSERT INTO day VALUES (?, ?)", sorted(counts.items()))

    def day_counts(self) -> list[tuple[int, int]]:
        """Give (day, number of papers) of all days that have papers, in order; the undated are on none."""
        return self._db.execute("SELECT day, papers FROM day ORDER BY day").fetchall()

    def shelves(self, month: int) -> dict[str, bytes]:
        """Give a month's shelves."""
        return dict(self._db.execute("SELECT channel, papers FROM shelf WHERE month = ?", (month,)))

    def shelf(self, channel: str, month: int) -> bytes:
        """Give one shelf; empty where there is none."""
        row = self._db.execute("SELECT papers FROM shelf WHERE channel = ? AND month = ?", (channel, month)).fetchone()
        return row[0] if row else b""

    def shelf_counts(self) -> dict[str, dict[int, int]]:
        """Give channel → month → number of papers, months in order."""
        counts: dict[str, dict[int, int]] = {}
        for channel, month, count in self._db.execute(
            "SELECT channel, month, count FROM shelf ORDER BY month, channel"
        ):
            counts.setdefault(channel, {})[month] = count
        return counts

    # -- documents ------------------------------------------------------------------------------------------

    def documents(self, owner: int) -> dict[str, bytes]:
        """Give the documents of an owner: path → hash of what went into it."""
        return dict(self._db.execute("SELECT path, inputs FROM document WHERE owner = ?", (owner,)))

    def document_count(self) -> int:
        """Count the documents."""
        return int(self._db.execute("SELECT COUNT(*) FROM document").fetchone()[0])

    def owners(self) -> list[int]:
        """Give the owners that have documents."""
        # From one to the next: DISTINCT would go over all documents.
        rows = self._db.execute(
            "WITH RECURSIVE found (owner) AS (SELECT MIN(owner) FROM document UNION ALL "
            "SELECT (SELECT MIN(owner) FROM document WHERE owner > found.owner) FROM found "
            "WHERE owner IS NOT NULL) SELECT owner FROM found WHERE owner IS NOT NULL"
        )
        return [owner for (owner,) in rows]

    def document_folders(self) -> set[str]:
        """Give the folders that hold documents, `` for the output's own."""
        return {path.rpartition("/")[0] for (path,) in self._db.execute("SELECT path FROM document")}

    def has_document(self, path: str) -> bool:
        """Tell whether a path is a document."""
        return self._db.execute("SELECT 1 FROM document WHERE path = ?", (path,)).fetchone() is not None

    def names_in(self, folder: str) -> set[str]:
        """Give the names of the documents that lie directly in a folder (`` or ending with a slash)."""
        rows = self._db.execute(
            "SELECT path FROM document WHERE path >= ? AND path < ?",
            (folder, folder[:-1] + "0" if folder else "\U0010ffff"),
        )
        return {path[len(folder) :] for (path,) in rows if "/" not in path[len(folder) :]}

    def put_documents(self, owner: int, documents: Iterable[tuple[str, bytes]]) -> None:
        """Remember documents as written: (path, hash of what went into it)."""
        self._db.executemany(
            "INSERT OR REPLACE INTO document VALUES (?, ?, ?)",
            [(path, owner, inputs) for path, inputs in documents],
        )

    def forget_document(self, path: str) -> None:
        """Forget a document that was lost or removed; the next plan makes it again if it should be there."""
        self._db.execute("DELETE FROM document WHERE path = ?", (path,))
        self._db.execute("DELETE FROM data_file WHERE path = ?", (path,))

    def entry(self, name: bytes) -> bytes | None:
        """Give a rendered entry by the hash of what went into it."""
        row = self._db.execute("SELECT rendered FROM entry WHERE hash = ?", (name,)).fetchone()
        return row[0] if row else None

    def put_entries(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        """Remember rendered entries by their hashes."""
        self._db.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?)", entries)

    def keep_entries(self, names: Iterable[bytes]) -> None:
        """Forget all entries but these."""
        known = {name for (name,) in self._db.execute("SELECT hash FROM entry")}
        self._db.executemany("DELETE FROM entry WHERE hash = ?", [(name,) for name in known.difference(names)])

    def put_data_files(self, files: Iterable[tuple[str, int, bytes]]) -> None:
        """Remember what is in data files: (path, size in bytes, SHA-256); it is never read from them again."""
        self._db.executemany("INSERT OR REPLACE INTO data_file VALUES (?, ?, ?)", files)

    def data_files(self) -> dict[str, tuple[int, bytes]]:
        """Give the data files: path → size in bytes, SHA-256."""
        return {path: (size, sha256) for path, size, sha256 in self._db.execute("SELECT * FROM data_file")}

    def owner_of(self, path: str) -> int | None:
        """Give the owner of a document."""
        row = self._db.execute("SELECT owner FROM document WHERE path = ?", (path,)).fetchone()
        return row[0] if row else None

    def folders(self) -> dict[str, int]:
        """Give the output folders as the last build left them: path → mtime in ns."""
        return dict(self._db.execute("SELECT path, mtime_ns FROM folder"))

    def put_folders(self, folders: Iterable[tuple[str, int]], gone: Iterable[str] = ()) -> None:
        """Remember output folders, and forget some."""
        self._db.executemany("DELETE FROM folder WHERE path = ?", [(path,) for path in gone])
        self._db.executemany("INSERT OR REPLACE INTO folder VALUES (?, ?)", folders)

    def published(self) -> set[str]:
        """Give the channels that ever had a feed."""
        return {channel for (channel,) in self._db.execute("SELECT channel FROM published")}

    def publish(self, channels: Iterable[str]) -> None:
        """Remember channels that have a feed."""
        self._db.executemany("INSERT OR IGNORE INTO published VALUES (?)", [(channel,) for channel in channels])


def _tune(db: sqlite3.Connection) -> None:
    db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    db.execute("PRAGMA journal_mode = DELETE")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA temp_store = MEMORY")


_DAMAGED = "damaged"
# The disk, the system or another process, and not the file: it is right, and must not be thrown away for them.
_NO_DAMAGE = frozenset(
    [
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    ]
)


def _is_damage(error: object) -> bool:
    """Tell whether an error says that the file is not what this program wrote."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF not in _NO_DAMAGE
    return isinstance(error, msgspec.MsgspecError)


class _explained:  # noqa: N801 -- reads as a verb at its uses
    """Turn SQLite's and the system's errors about the file into one sentence."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.Error | OSError):
            raise OutputError(os.fspath(self._path), f"cannot write the catalog: {error}") from error
