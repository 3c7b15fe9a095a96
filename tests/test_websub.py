"""Pings, against hubs of our own on loopback, and the note of what has still to be told."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import msgspec
import pytest

from digestfeed import websub
from digestfeed.config import Config, FeedsConfig
from digestfeed.errors import ConfigError, DigestFeedError, OutputError
from tests.patience import WAIT

BASE = "https://papers.example.org/"
ATOM = "feeds/all/atom.xml"
RSS = "feeds/all/rss.xml"
JSON = "feeds/all/feed.json"
NONE: tuple[int, dict[str, str]] = (204, {})

Answers = Callable[["Hub", str], tuple[int, dict[str, str]]]


class Hub(ThreadingHTTPServer):
    """A hub that writes down what it gets.

    Args:
        answers: gives status and headers for a feed's URL; may look at what was `got` before.
    """

    daemon_threads = True

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.got: list[list[tuple[str, str]]] = []
        self.heads: list[dict[str, str]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}/hub"

    @property
    def feeds(self) -> list[str]:
        """The feeds that it was told of, in the order told."""
        return [dict(form)["hub.url"] for form in self.got]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing when a client gives up waiting."""


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        form = parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode(), strict_parsing=True)
        self.server.got.append(form)
        self.server.heads.append(dict(self.headers.items()))
        status, headers = self.server.answers(self.server, dict(form)["hub.url"])
        body = headers.pop("body", "").encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.server.got.append([("hub.url", "GET")])
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def hub() -> Iterator[Callable[..., Hub]]:
    """Make hubs that run until the test ends; one without answers takes everything."""
    with ExitStack() as stack:

        def make(answers: Answers | None = None) -> Hub:
            made = stack.enter_context(Hub(answers or (lambda _hub, _feed: (204, {}))))
            thread = threading.Thread(target=made.serve_forever, args=(0.01,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(made.shutdown)
            return made

        yield make


@pytest.fixture
def waits() -> list[float]:
    """The seconds that were waited, none of them in truth."""
    return []


def answering(*statuses: int, **headers: str) -> Answers:
    """Answer a feed's first ping with the first status, and so on; the last stays."""

    def answers(hub: Hub, feed: str) -> tuple[int, dict[str, str]]:
        times = hub.feeds.count(feed)
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return statuses[min(times, len(statuses)) - 1], fields

    return answers


def outcome(results: list[websub.PingResult]) -> list[tuple[str, bool, int | None]]:
    """Give of each result the feed, whether it was taken, and the status."""
    return [(result.feed, result.ok, result.status) for result in results]


# -- the ping -------------------------------------------------------------------------------------------------


def test_a_ping_is_a_form(hub: Callable[..., Hub]) -> None:
    """By both names that hubs know the feed by, form-encoded, with a user agent."""
    one = hub()
    feed = BASE + "feeds/all/atom.xml?x=ä&y=1"
    results = websub.ping({one.url: [feed]})
    assert outcome(results) == [(feed, True, 204)]
    assert one.got == [[("hub.mode", "publish"), ("hub.url", feed), ("hub.topic", feed)]]
    assert one.heads[0]["Content-Type"] == "application/x-www-form-urlencoded"
    assert one.heads[0]["User-Agent"].startswith("digestfeed/")


def test_every_hub_hears_of_every_feed(hub: Callable[..., Hub]) -> None:
    """One result a hub and feed, hub by hub, in the order given."""
    hubs, feeds = [hub(), hub()], [BASE + ATOM, BASE + RSS]
    results = websub.ping({each.url: feeds for each in hubs})
    assert [(result.hub, result.feed) for result in results] == [(each.url, feed) for each in hubs for feed in feeds]
    assert [each.feeds for each in hubs] == [feeds, feeds]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_is_one(hub: Callable[..., Hub], status: int) -> None:
    """Hubs say 202 or 204, some 200."""
    assert websub.ping({hub(answering(status)).url: [BASE + ATOM]})[0].ok


def test_nothing_to_tell_is_no_request(hub: Callable[..., Hub]) -> None:
    """No feeds or no hubs."""
    one = hub()
    assert websub.ping({one.url: []}) == websub.ping({}) == []
    assert one.got == []


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_what_passes_is_tried_again(hub: Callable[..., Hub], waits: list[float], status: int) -> None:
    """After 1, 2 and 4 seconds."""
    one = hub(answering(status, status, status, 204))
    results = websub.ping({one.url: [BASE + ATOM]}, sleep=waits.append)
    assert outcome(results) == [(BASE + ATOM, True, 204)]
    assert waits == [1, 2, 4]


def test_retries_end(hub: Callable[..., Hub], waits: list[float]) -> None:
    """And the hub's own words are given, on one line."""
    one = hub(answering(503, Content_Type="text/plain", body="Come\x1b[2J\nlater"))
    (result,) = websub.ping({one.url: [BASE + ATOM]}, retries=2, sleep=waits.append)
    assert (len(one.got), waits) == (3, [1, 2])
    assert (result.ok, result.status) == (False, 503)
    assert result.reason == "503 Service Unavailable: Come [2J later"
    assert str(result) == f"{one.url}: {BASE}{ATOM}: {result.reason}"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_a_refusal_is_final(hub: Callable[..., Hub], waits: list[float], status: int) -> None:
    """It would be the same again; the next feed is told all the same."""
    one = hub(lambda _hub, feed: (status, {}) if feed.endswith(ATOM) else (204, {}))
    results = websub.ping({one.url: [BASE + ATOM, BASE + RSS]}, sleep=waits.append)
    assert outcome(results) == [(BASE + ATOM, False, status), (BASE + RSS, True, 204)]
    assert (len(one.got), waits) == (2, [])


@pytest.mark.parametrize(
    ("wanted", "waited"),
    [
        ({"Retry-After": "7"}, [7]),
        ({"Retry-After": "0"}, [0]),
        ({"Retry-After": "Thu, 01 Jan 2099 00:00:09 GMT", "Date": "Thu, 01 Jan 2099 00:00:00 GMT"}, [9]),
        ({"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, [0]),
        ({"Retry-After": "soon"}, [1]),
        ({"Retry-After": "-5"}, [1]),
    ],
)
def test_a_hub_may_say_when(waits: list[float], wanted: dict[str, str], waited: list[float]) -> None:
    """Seconds or a date, which is read by the hub's own clock; what is neither is passed over."""
    statuses = iter([503, 204])

    def answers(_request: httpx.Request) -> httpx.Response:
        fields = {"Date": "Wed, 01 Jan 2025 00:00:00 GMT"} | wanted
        return httpx.Response(next(statuses), headers=fields, stream=httpx.ByteStream(b""))

    with httpx.Client(transport=httpx.MockTransport(answers)) as client:
        assert websub.ping({"https://hub.example/": [BASE + ATOM]}, client=client, sleep=waits.append)[0].ok
    assert waits == waited


def test_a_long_wait_is_left_for_next_time(hub: Callable[..., Hub], waits: list[float]) -> None:
    """A hub that asks for an hour is not pressed: neither with this feed nor with the others."""
    one = hub(answering(429, Retry_After="3600"))
    results = websub.ping({one.url: [BASE + ATOM, BASE + RSS]}, sleep=waits.append)
    assert outcome(results) == [(BASE + ATOM, False, 429), (BASE + RSS, False, None)]
    assert (len(one.got), waits) == (1, [])


def test_a_failing_hub_stops_no_other(hub: Callable[..., Hub], waits: list[float]) -> None:
    """One is down, one is broken, one refuses, one is well."""
    down = hub()
    closed = down.url
    down.shutdown()
    down.server_close()
    broken, refusing, well = hub(answering(500)), hub(answering(403)), hub()
    due = {url: [BASE + ATOM] for url in (closed, broken.url, refusing.url, well.url)}
    results = websub.ping(due, retries=1, sleep=waits.append)
    assert [(result.ok, result.status) for result in results] == [
        (False, None),
        (False, 500),
        (False, 403),
        (True, 204),
    ]
    assert results[0].reason.startswith("no answer: ")
    assert len(waits) == 2


def test_a_hub_that_does_not_answer_is_left_alone(waits: list[float]) -> None:
    """After three feeds, so that a dead hub costs a bounded time and not one for every feed."""
    asked: list[str] = []

    def dead(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        raise httpx.ConnectTimeout("", request=request)

    feeds = [f"{BASE}feeds/{number}/atom.xml" for number in range(10)]
    with httpx.Client(transport=httpx.MockTransport(dead)) as client:
        results = websub.ping({"https://hub.example/": feeds}, client=client, retries=1, sleep=waits.append)
    assert len(asked) == 6
    assert [result.reason for result in results] == ["no answer within 10 s"] * 3 + [
        "not tried: the hub failed before"
    ] * 7


def test_a_hub_that_fails_feed_after_feed_hears_of_each_once(hub: Callable[..., Hub], waits: list[float]) -> None:
    """Some answer 500 for a feed that nobody subscribes to: the others behind it are told all the same."""
    one = hub(lambda _hub, feed: (204 if feed.endswith("/9/atom.xml") else 500, {}))
    feeds = [f"{BASE}feeds/{number}/atom.xml" for number in range(10)]
    results = websub.ping({one.url: feeds}, retries=1, sleep=waits.append)
    assert [result.ok for result in results] == [False] * 9 + [True]
    assert len(one.got) == 3 * 2 + 7
    assert len(waits) == 3


def test_a_slow_hub_is_not_waited_for_long(hub: Callable[..., Hub]) -> None:
    """The time allowed is kept, and meanwhile the other hub is served."""
    over = threading.Event()
    slow, well = hub(lambda _hub, _feed: (over.wait(WAIT), NONE)[1]), hub()
    started = time.monotonic()
    results = websub.ping({one.url: [BASE + ATOM] for one in (slow, well)}, timeout=0.2, retries=0)
    assert time.monotonic() - started < WAIT
    over.set()
    assert [(result.ok, result.reason) for result in results] == [(False, "no answer within 0.2 s"), (True, "")]


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_keeps_the_method_is_followed(hub: Callable[..., Hub], status: int) -> None:
    """With the same form."""
    there = hub()
    here = hub(answering(status, Location=there.url))
    assert outcome(websub.ping({here.url: [BASE + ATOM]})) == [(BASE + ATOM, True, 204)]
    assert there.got == here.got


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_would_become_a_get_is_not_followed(hub: Callable[..., Hub], status: int) -> None:
    """A GET tells nobody; where it leads is said."""
    there = hub()
    here = hub(answering(status, Location=there.url))
    (result,) = websub.ping({here.url: [BASE + ATOM]})
    assert (result.ok, result.status) == (False, status)
    assert there.url in result.reason
    assert there.got == []


def test_redirects_end(hub: Callable[..., Hub], waits: list[float]) -> None:
    """A circle is left after three, and not tried again."""
    here = hub(answering(307, Location="/hub"))
    (result,) = websub.ping({here.url: [BASE + ATOM]}, sleep=waits.append)
    assert (result.ok, result.status, result.reason) == (False, 307, "redirects too often")
    assert (len(here.got), waits) == (4, [])


@pytest.mark.parametrize("target", ["http://hub.example/", "ftp://hub.example/"])
def test_a_redirect_does_not_leave_https(target: str) -> None:
    """What was to be said in private is not said in the open."""
    transport = httpx.MockTransport(lambda _request: httpx.Response(308, headers={"Location": target}))
    with httpx.Client(transport=transport) as client:
        (result,) = websub.ping({"https://hub.example/": [BASE + ATOM]}, client=client)
    assert (result.ok, result.reason) == (False, f"redirects to {target}, refused")


def test_a_long_answer_is_not_read_to_its_end(hub: Callable[..., Hub]) -> None:
    """Neither kept nor shown."""
    one = hub(answering(400, Content_Type="text/plain", body="x" * 5_000_000))
    (result,) = websub.ping({one.url: [BASE + ATOM]})
    assert result.status == 400
    assert len(result.reason) < 200


@pytest.mark.parametrize("address", ["http://[bad/", "nonsense", "http://a\x00b/"])
def test_a_hub_without_an_address_is_said(waits: list[float], address: str) -> None:
    """No request can be made of it; that is a result like others."""
    (result,) = websub.ping({address: [BASE + ATOM]}, sleep=waits.append)
    assert (result.ok, result.status) == (False, None)


def test_a_client_of_the_callers_stays_open(hub: Callable[..., Hub]) -> None:
    """It may have proxies and certificates of its own, and serve again; connections are used again."""
    one = hub()
    with httpx.Client() as client:
        websub.ping({one.url: [BASE + ATOM, BASE + RSS]}, client=client)
        assert not client.is_closed


def test_an_interrupt_ends_the_waiting(hub: Callable[..., Hub], monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while a hub is waited for: no more pings, and no wait for the backoff."""
    one = hub(answering(503, Retry_After="600"))
    insist = websub._Teller._insist

    def interrupted(
        self: websub._Teller, client: httpx.Client, address: str, feed: str, retries: int
    ) -> websub._Answer:
        if address == "interrupt":
            while not one.got:
                time.sleep(0.01)
            raise KeyboardInterrupt
        return insist(self, client, address, feed, retries)

    monkeypatch.setattr(websub._Teller, "_insist", interrupted)
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        websub.ping({url: [BASE + ATOM, BASE + RSS] for url in ("interrupt", one.url)})
    assert time.monotonic() - started < WAIT / 2
    assert set(one.feeds) == {BASE + ATOM}


def test_without_httpx_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra; building notes what is pending without it."""
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(DigestFeedError, match=r"digestfeed\[push\]"):
        websub.ping({"https://hub.example/": [BASE + ATOM]})


# -- what is pending ------------------------------------------------------------------------------------------


def config(*hubs: str, base_url: str = BASE) -> Config:
    """A site with hubs."""
    return Config(base_url=base_url, feeds=FeedsConfig(hubs=hubs))


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """Where the catalog would be."""
    return tmp_path / ".digestfeed" / "catalog.sqlite3"


def pending(catalog: Path) -> dict[str, tuple[str, ...]]:
    """What is pending: feed → the hubs that know."""
    feeds = websub.load_pending(websub.pending_path(catalog)).feeds
    return {feed: state.told for feed, state in feeds.items()}


def test_what_changed_is_told_once(hub: Callable[..., Hub], catalog: Path) -> None:
    """Build, ping, ping: the second has nothing to say."""
    one = hub()
    site = config(one.url)
    websub.remember(site, catalog, [ATOM, RSS])
    assert outcome(websub.ping_pending(site, catalog)) == [(BASE + ATOM, True, 204), (BASE + RSS, True, 204)]
    assert pending(catalog) == {}
    assert websub.ping_pending(site, catalog) == []
    assert one.feeds == [BASE + ATOM, BASE + RSS]


def test_builds_add_up_until_a_ping(hub: Callable[..., Hub], catalog: Path) -> None:
    """Each feed once, whatever builds changed it, and a build that changed none takes none away."""
    one = hub()
    site = config(one.url)
    for changed in ([RSS, ATOM], [], [ATOM], [JSON]):
        websub.remember(site, catalog, changed)
    websub.ping_pending(site, catalog)
    assert one.feeds == sorted(BASE + feed for feed in (ATOM, RSS, JSON))


def test_what_failed_is_told_again_to_who_missed_it(hub: Callable[..., Hub], catalog: Path) -> None:
    """Only there, and only those feeds; afterwards nothing is left."""
    broken = hub(lambda hub, feed: (204 if len(hub.got) > 2 or feed.endswith(RSS) else 403, {}))
    well = hub()
    site = config(broken.url, well.url)
    websub.remember(site, catalog, [ATOM, RSS])
    assert [result.ok for result in websub.ping_pending(site, catalog)] == [False, True, True, True]
    assert pending(catalog) == {ATOM: (well.url,)}
    assert outcome(websub.ping_pending(site, catalog)) == [(BASE + ATOM, True, 204)]
    assert pending(catalog) == {}
    assert well.feeds == [BASE + ATOM, BASE + RSS]


def test_a_change_after_a_half_success_is_news_to_all(hub: Callable[..., Hub], catalog: Path) -> None:
    """A hub that knows of the last change does not know of this one."""
    broken, well = hub(answering(403)), hub()
    site = config(broken.url, well.url)
    websub.remember(site, catalog, [ATOM])
    websub.ping_pending(site, catalog)
    websub.remember(site, catalog, [ATOM])
    websub.ping_pending(site, catalog)
    assert well.feeds == [BASE + ATOM, BASE + ATOM]


def test_a_build_during_a_ping_is_not_forgotten(hub: Callable[..., Hub], catalog: Path) -> None:
    """The hub may have fetched the feed before that build changed it."""
    site = config()

    def build(_hub: Hub, _feed: str) -> tuple[int, dict[str, str]]:
        websub.remember(site, catalog, [ATOM])
        return 204, {}

    one = hub(build)
    site = config(one.url)
    websub.remember(site, catalog, [ATOM, RSS])
    websub.ping_pending(site, catalog)
    assert pending(catalog) == {ATOM: ()}


def test_a_hub_that_is_no_longer_named_is_forgotten(hub: Callable[..., Hub], catalog: Path) -> None:
    """Its failure keeps nothing pending, and a new hub hears what is."""
    gone, well, new = hub(answering(403)), hub(), hub()
    websub.remember(config(gone.url, well.url), catalog, [ATOM])
    websub.ping_pending(config(gone.url, well.url), catalog)
    assert pending(catalog) == {ATOM: (well.url,)}
    websub.ping_pending(config(well.url), catalog)
    assert pending(catalog) == {}
    websub.remember(config(well.url), catalog, [RSS])
    websub.ping_pending(config(well.url, new.url), catalog)
    assert (well.feeds, new.feeds) == ([BASE + ATOM, BASE + RSS], [BASE + RSS])


def test_without_a_hub_nothing_is_noted(catalog: Path) -> None:
    """A build writes no file for a push that nobody asked for; a ping says what is missing."""
    websub.remember(config(), catalog, [ATOM])
    assert not catalog.parent.exists()
    with pytest.raises(ConfigError, match=r"^feeds\.hubs: "):
        websub.ping_pending(config(), catalog)


def test_a_site_at_home_is_not_announced(catalog: Path) -> None:
    """No hub could fetch it."""
    with pytest.raises(ConfigError, match=r"^base_url: "):
        websub.ping_pending(config("https://hub.example/", base_url=Config().base_url), catalog)


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b'{"feeds": 1}',
        b"\xff",
        b'{"notes": 1, "feeds": {"../x": {"note": 1}}}',
        b'{"notes": 1, "feeds": {"feeds/all/atom.xml": {}}}',
    ],
)
def test_a_damaged_note_is_begun_anew(catalog: Path, damage: bytes) -> None:
    """A lost ping is a delay; a cron job that fails for ever is not."""
    path = websub.pending_path(catalog)
    path.parent.mkdir()
    path.write_bytes(damage)
    assert websub.load_pending(path).feeds == {}
    websub.save_pending(path, [RSS])
    assert pending(catalog) == {RSS: ()}


def test_the_note_is_whole_at_every_moment(catalog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk leaves the old one, and nothing beside it."""
    path = websub.pending_path(catalog)
    websub.save_pending(path, [ATOM])

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        websub.save_pending(path, [RSS])
    assert pending(catalog) == {ATOM: ()}
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """Where a file stands for the folder, or a folder for the file."""
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write it"):
        websub.save_pending(tmp_path / "file" / "pending.json", [ATOM])
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="cannot read it"):
        websub.load_pending(tmp_path / "folder")


def test_builds_at_once_lose_nothing(catalog: Path) -> None:
    """Each waits for the other's note."""
    path = websub.pending_path(catalog)
    feeds = [f"feeds/field-{number}/atom.xml" for number in range(20)]
    threads = [threading.Thread(target=websub.save_pending, args=(path, [feed])) for feed in feeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pending(catalog).keys() == set(feeds)


def test_the_note_is_the_same_for_the_same_builds(tmp_path: Path) -> None:
    """Sorted, and without a clock; a person can read it."""
    for name, feeds in (("a", [ATOM, RSS]), ("b", [RSS, ATOM])):
        websub.save_pending(tmp_path / name / "note.json", feeds)
    assert (tmp_path / "a" / "note.json").read_bytes() == (tmp_path / "b" / "note.json").read_bytes()
    assert msgspec.json.decode((tmp_path / "a" / "note.json").read_bytes())["notes"] == 1
