"""newsboat, sfeed and rss2email, each with a home of its own: subscribe through OPML, fetch, tell what is there."""

from __future__ import annotations

import email
import email.policy
import shlex
import sqlite3
import subprocess
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Protocol

import msgspec

from tests.clients.loopback import PATHS, program

TIMEOUT = 60
"""Seconds that a program may take at most; it takes one or two."""


class Shown(msgspec.Struct, frozen=True, order=True):
    """An entry as a client has it; `feed` is empty where the client keeps one of an id, whatever feeds have it."""

    feed: str
    entry_id: str
    text: str

    @property
    def place(self) -> tuple[str, str]:
        """What must be there once."""
        return self.feed, self.entry_id


class Client(Protocol):
    """A feed client in a home of its own.

    `once_an_id` says that it keeps one entry of an id over all feeds, `asks_at` at which fetch of an unchanged feed
    it first says what it has.  One that does not `follow` changes is set as its makers ship it: it shows an entry
    that it knows never again; one that does is told by its own settings to show it once more when its text changed.
    """

    once_an_id: bool
    asks_at: int

    def __init__(self, home: Path, *, follow: bool) -> None: ...

    def subscribe(self, opml: Path) -> None:
        """Take in a list of feeds."""

    def fetch(self) -> None:
        """Fetch all feeds once."""

    def unread(self) -> list[Shown]:
        """Give what it shows as new or changed since the last call, and mark it as read."""

    def everything(self) -> list[Shown]:
        """Give all that it keeps."""


def ran(home: Path, *command: str) -> str:
    """Run a program in a home, which is all that it knows of the machine; give what it prints."""
    settings = {"HOME": str(home), "PATH": PATHS, "LANG": "C.UTF-8", "TERM": "dumb", "no_proxy": "*"}
    done = subprocess.run(  # noqa: S603
        command, env=settings, cwd=home, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


class Newsboat:
    """newsboat (newsboat.org): a cache in SQLite; what it shows again has to be named feed by feed."""

    once_an_id = True
    asks_at = 3

    def __init__(self, home: Path, *, follow: bool) -> None:
        self._home = home
        self._follow = follow
        self._program = program("newsboat")
        self._files = ("-u", f"{home}/urls", "-c", f"{home}/cache.db", "-C", f"{home}/config")
        (home / "config").write_text("download-timeout 10\ndownload-retries 1\n", "utf-8")
        (home / "urls").touch()

    def subscribe(self, opml: Path) -> None:
        ran(self._home, self._program, *self._files, "-i", str(opml))
        lines = (self._home / "urls").read_text("utf-8").splitlines()
        with (self._home / "config").open("a", encoding="utf-8") as config:
            config.writelines(f'reset-unread-on-update "{line.split()[0]}"\n' for line in lines if self._follow)

    def fetch(self) -> None:
        ran(self._home, self._program, *self._files, "-x", "reload")

    def unread(self) -> list[Shown]:
        printed = ran(self._home, self._program, *self._files, "-x", "print-unread")
        shown = self._kept("unread = 1")
        assert int(printed.split()[0]) == len(shown)
        with closing(sqlite3.connect(self._home / "cache.db")) as cache, cache:
            cache.execute("UPDATE rss_item SET unread = 0")
        return shown

    def everything(self) -> list[Shown]:
        return self._kept("1")

    def _kept(self, condition: str) -> list[Shown]:
        query = f"SELECT guid, content FROM rss_item WHERE deleted = 0 AND {condition}"  # noqa: S608
        with closing(sqlite3.connect(self._home / "cache.db")) as cache:
            return sorted(Shown("", guid, content) for guid, content in cache.execute(query))


_SFEEDRC = """
sfeedpath="$HOME/feeds"
mktemp() { command mktemp -d "$HOME/fetched_XXXXXX"; }
fetch() {
    tag="$HOME/etags/$(printf '%s' "$1" | tr '/' '_')"
    curl -f -s -m 15 --noproxy '*' --compressed --etag-compare "$tag" --etag-save "$tag" "$2"
}
"""
_NEW_WINS = """merge() { sort -t '\t' -u -k6,6 "$3" "$2"; }\n"""


class Sfeed:
    """sfeed (codemadness.org): a file of lines a feed, by the feed's name.

    Its `fetch` is replaced by one that keeps ETags, as its manual proposes.  As it is, its `merge` keeps of the lines
    of an id, title and link the one that it has had; to follow changes it keeps the new one of an id.
    """

    once_an_id = False
    asks_at = 2

    def __init__(self, home: Path, *, follow: bool) -> None:
        self._home = home
        self._follow = follow
        self._names: dict[str, str] = {}
        self._read: set[Shown] = set()
        self._update, self._import = program("sfeed_update"), program("sfeed_opml_import")
        program("curl")
        (home / "etags").mkdir()

    def subscribe(self, opml: Path) -> None:
        settings = ran(self._home, "sh", "-c", f'"{self._import}" < "$0"', str(opml))
        lines = [shlex.split(line) for line in settings.splitlines() if line.strip().startswith("feed ")]
        self._names = {name.replace("/", "_"): url for _, name, url, *_ in lines}
        assert len(self._names) == len(lines)
        text = settings + _SFEEDRC + (_NEW_WINS if self._follow else "")
        (self._home / "sfeedrc").write_text(text, "utf-8")

    def fetch(self) -> None:
        ran(self._home, self._update, f"{self._home}/sfeedrc")

    def unread(self) -> list[Shown]:
        kept = self.everything()
        shown = [entry for entry in kept if entry not in self._read]
        self._read.update(kept)
        return shown

    def everything(self) -> list[Shown]:
        rows = [
            (path.name, line.split("\t"))
            for path in (self._home / "feeds").iterdir()
            for line in path.read_text("utf-8").splitlines()
        ]
        return sorted(Shown(self._names[name], row[5], row[3]) for name, row in rows)


class Rss2email:
    """rss2email: a mail an entry and feed, here into a Maildir; with `reply-changes` a reply when its text changed."""

    once_an_id = False
    asks_at = 2

    def __init__(self, home: Path, *, follow: bool) -> None:
        self._home = home
        self._program = program("r2e")
        self._taken: set[Path] = set()
        self._last: dict[tuple[str, str], Shown] = {}
        self._files = ("-c", f"{home}/rss2email.cfg", "-d", f"{home}/rss2email.json")
        ran(home, self._program, *self._files, "new", "reader@example.org")
        config = (home / "rss2email.cfg").read_text("utf-8")
        changes = {
            "email-protocol = sendmail": "email-protocol = maildir",
            "maildir-path = ~/Maildir": f"maildir-path = {home}/Maildir",
            "reply-changes = False": f"reply-changes = {follow}",
        }
        for old, new in changes.items():
            assert config.count(old) == 1, old
            config = config.replace(old, new)
        (home / "rss2email.cfg").write_text(config, "utf-8")
        (home / "Maildir").mkdir()

    def subscribe(self, opml: Path) -> None:
        ran(self._home, self._program, *self._files, "opmlimport", str(opml))

    def fetch(self) -> None:
        ran(self._home, self._program, *self._files, "run")

    def unread(self) -> list[Shown]:
        new = sorted(path for path in self._home.glob("Maildir/**/new/*") if path not in self._taken)
        self._taken.update(new)
        shown = [self._read(path) for path in new]
        self._last.update({entry.place: entry for entry in shown})
        return sorted(shown)

    def everything(self) -> list[Shown]:
        return sorted(self._last.values())

    @staticmethod
    def _read(path: Path) -> Shown:
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        return Shown(str(mail["X-RSS-Feed"]), str(mail["X-RSS-ID"]), str(mail.get_content()))


CLIENTS: dict[str, type[Client]] = {"newsboat": Newsboat, "sfeed": Sfeed, "rss2email": Rss2email}


def places(entries: list[Shown]) -> Counter[tuple[str, str]]:
    """Count entries by where they are."""
    return Counter(entry.place for entry in entries)
