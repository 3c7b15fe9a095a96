"""Feed clients as people run them, over a site on nginx: nothing twice, nothing again, and 304 for what they have."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import listparser
import pytest

from digestfeed.config import Config
from tests.clients.loopback import Nginx, free_port, nginx, program
from tests.clients.programs import CLIENTS, Client, places
from tests.trees import item, run, tree, write_digest

AUTHORITY = "papers.example.org,2024"
BOTH = "컴퓨터 비전, 자연어 처리"
FIRST_DAY = [
    item("2411.00001"),
    item("2411.00002", labels=BOTH),
    item("2411.00003", labels="로봇공학", title="Q&A with robots, p < 0.05"),
    item("2411.00004", labels="강화 학습"),
]
NEW, CORRECTED = "2411.00009", "2411.00002"
CORRECTION = "What it says after all, in other words."
LISTS = ("feeds.opml", "feeds-once.opml")


class World:
    """A site that is published on nginx, and a client that follows one of its lists."""

    def __init__(self, root: Path, opml: str) -> None:
        self.root = root
        self.opml = opml
        self.config = Config(base_url=f"http://127.0.0.1:{free_port()}/", id_authority=AUTHORITY)

    def publish(self) -> None:
        """Build the site."""
        run(self.root, self.config)

    def age(self) -> None:
        """Make all of it an hour old: a build comes a day, and a server's clock for files counts in seconds."""
        for path in (self.root / "out").rglob("*"):
            if path.is_file():
                before = path.stat()
                os.utime(path, (before.st_atime - 3600, before.st_mtime - 3600))

    def add_and_correct(self) -> None:
        """A digest comes with a new paper and with one that was there, now with more votes; another is corrected."""
        digests = self.root / "digests"
        again = item("2411.00001", votes=99)
        write_digest(digests, "2024-12-02.md", item(NEW, labels="컴퓨터 비전, 로봇공학"), again)
        corrected = item(CORRECTED, labels=BOTH, summary=CORRECTION)
        write_digest(digests, "2024-12-01.md", FIRST_DAY[0], corrected, *FIRST_DAY[2:])
        self.publish()

    def feeds(self) -> list[str]:
        """The feeds of the list."""
        return [feed.url for feed in listparser.parse((self.root / "out" / self.opml).read_bytes()).feeds]

    def places(self, *keys: str) -> set[tuple[str, str]]:
        """The feeds of the list that have papers (all if none are named), and their ids, as the data files tell."""
        found: set[tuple[str, str]] = set()
        for data in (self.root / "out").rglob("papers.jsonl"):
            for paper in map(json.loads, data.read_text("utf-8").splitlines()):
                slugs = paper["fields"] if self.opml == "feeds.opml" else [f"once-{paper['fields'][0]}"]
                if not keys or paper["key"] in keys:
                    found |= {(f"{self.config.base_url}feeds/{slug}/atom.xml", paper["entry_id"]) for slug in slugs}
        return found

    def wanted(self, client: Client, *keys: str) -> Counter[tuple[str, str]]:
        """Where a client has to have papers, once each."""
        return Counter({("" if client.once_an_id else feed, entry_id) for feed, entry_id in self.places(*keys)})

    def answers(self, *keys: str) -> Counter[tuple[int, str]]:
        """What a server answers to one fetch of all feeds when these papers are new or changed."""
        changed = {feed for feed, _ in self.places(*keys)}
        start = len(self.config.base_url) - 1
        return Counter((200 if feed in changed else 304, feed[start:]) for feed in self.feeds())


@pytest.fixture(params=LISTS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """A site of one digest, and the list of feeds by which it is followed."""
    program("nginx")
    found = World(tmp_path, request.param)
    write_digest(tmp_path / "digests", "2024-12-01.md", *FIRST_DAY)
    found.publish()
    found.age()
    return found


@pytest.fixture
def server(world: World) -> Iterator[Nginx]:
    """The site on nginx."""
    port = int(world.config.base_url.rsplit(":", 1)[1].rstrip("/"))
    with nginx(world.root / "out", world.root / "nginx", port) as found:
        yield found


@pytest.fixture(params=CLIENTS)
def kind(request: pytest.FixtureRequest) -> str:
    """The name of a client."""
    return str(request.param)


def subscribed(kind: str, world: World, *, follow: bool) -> Client:
    """Give a client that has taken in the list and fetched all feeds."""
    home = world.root / "home"
    home.mkdir()
    client = CLIENTS[kind](home, follow=follow)
    client.subscribe(world.root / "out" / world.opml)
    client.fetch()
    return client


def test_a_list_is_followed_and_each_paper_is_there_once(kind: str, world: World, server: Nginx) -> None:
    """Each feed of the list is fetched, and each paper is new once: once at all, or once in each of its feeds."""
    client = subscribed(kind, world, follow=True)
    assert server.asked() == world.answers()
    assert places(client.unread()) == places(client.everything()) == world.wanted(client)


def test_who_has_everything_is_told_so(kind: str, world: World, server: Nginx) -> None:
    """Fetching again is answered by 304, also after a build that had nothing to do, and shows nothing again."""
    client = subscribed(kind, world, follow=True)
    client.unread()
    before = tree(world.root / "out")
    for _ in range(client.asks_at - 2):
        client.fetch()
    server.asked()
    run(world.root, world.config)
    for _ in range(2):
        client.fetch()
        assert {status for status, _ in server.asked()} == {304}
        assert client.unread() == []
    assert tree(world.root / "out") == before
    assert places(client.everything()) == world.wanted(client)


@pytest.mark.parametrize("follow", [True, False], ids=["follows-changes", "as-shipped"])
def test_one_is_new_and_one_corrected(kind: str, world: World, server: Nginx, follow: bool) -> None:  # noqa: FBT001
    """Of a new digest and an edited one a client shows the new paper, and the corrected one if it is asked to."""
    client = subscribed(kind, world, follow=follow)
    client.unread()
    for _ in range(client.asks_at - 1):
        client.fetch()
    server.asked()
    world.add_and_correct()
    client.fetch()
    assert server.asked() == world.answers(NEW, CORRECTED)
    shown = client.unread()
    assert places(shown) == world.wanted(client, NEW, *([CORRECTED] if follow else []))
    assert all((CORRECTION in entry.text) == entry.entry_id.endswith(CORRECTED) for entry in shown)
    assert places(client.everything()) == world.wanted(client)
    client.fetch()
    assert client.unread() == []
