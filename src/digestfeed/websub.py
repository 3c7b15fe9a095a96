"""Push: tells WebSub hubs which feeds changed, so that subscribers hear of it at once and not at their next poll.

Owns the ping, and the file beside the catalog that keeps what has still to be told.  Refuses deciding what changed
and printing.

A build is not a deployment: the hub fetches a feed when it is pinged, so the ping has to come after the copy to the
server, perhaps by another process, perhaps after several builds.  Each build therefore adds its changed feeds to the
file, and a feed leaves it when every hub has taken the ping.

How a publisher speaks to a hub is left to the hub (WebSub, W3C Recommendation, section 6).  The public ones take a
form: `hub.mode=publish`, and the feed in `hub.url` (the habit since PubSubHubbub 0.3) or in `hub.topic` (the name
that subscribing uses).  Both are sent; a hub ignores the one that it does not know.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import msgspec

from digestfeed import __version__, urls
from digestfeed.config import PREVIEW_URL, Config
from digestfeed.errors import ConfigError, DigestFeedError, OutputError

if TYPE_CHECKING:
    import httpx

PENDING = "pending-pings.json"
TIMEOUT = 10.0
"""Seconds for each of connecting, sending and waiting for a piece of the answer."""
RETRIES = 3
"""How often a feed is tried again at a hub."""
LONGEST_WAIT = 60.0
"""Seconds that are waited for a hub at most before a retry; one that asks for more is left for the next ping."""

_FIRST_WAIT = 1.0
_REDIRECTS = 3
_PATIENCE = 3  # feeds in a row that a hub may fail with all their retries
_HUBS_AT_ONCE = 8
_ANSWER_UP_TO = 1 << 16
_SAID_UP_TO = 120

Sleep = Callable[[float], object]

# -- the ping -------------------------------------------------------------------------------------------------


class PingResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one feed at one hub.

    `status` is the last HTTP status, None if there was no answer; `reason` says in printable text why the ping
    failed, and is empty where it was taken.
    """

    hub: str
    feed: str
    status: int | None = None
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether the hub took the ping."""
        return not self.reason

    def __str__(self) -> str:
        return f"{self.hub}: {self.feed}: {self.reason or f'taken ({self.status})'}"


def ping(
    due: Mapping[str, Sequence[str]],
    *,
    client: httpx.Client | None = None,
    timeout: float = TIMEOUT,
    retries: int = RETRIES,
    sleep: Sleep | None = None,
) -> list[PingResult]:
    """Tell each hub which feeds changed; a hub that fails stops no other.

    No answer, 429 and 5xx are tried again, after what Retry-After says (RFC 9110, section 10.2.3), else after 1, 2,
    4 … seconds; every other refusal is final.  Redirects are followed where they keep the method (307 and 308,
    RFC 9110, section 15.4), unless they leave https.

    Args:
        due: hub → the feeds' own URLs, as in `rel=self`: the topics.
        client: is used and left open; None: one of our own.
        timeout: seconds for each of connecting, sending and waiting for a piece of the answer.
        retries: how often a feed is tried again at a hub.
        sleep: waits some seconds; for tests.

    Returns:
        One result a hub and feed, in the order given.

    Raises:
        DigestFeedError: httpx is not installed.
    """
    return _Teller(timeout, retries, sleep).tell(due, client)


class _Teller:
    """Pings hubs side by side, one thread a hub; an interrupt ends the waiting."""

    def __init__(self, timeout: float, retries: int, sleep: Sleep | None) -> None:
        self._httpx = _httpx()
        self._timeout = timeout
        self._retries = retries
        self._interrupted = threading.Event()
        self._sleep = sleep or self._interrupted.wait

    def tell(self, due: Mapping[str, Sequence[str]], client: httpx.Client | None) -> list[PingResult]:
        """Tell hubs of feeds: hub → the feeds' URLs."""
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 -- not needed to note what is pending

        hubs = [hub for hub, feeds in due.items() if feeds]
        if not hubs:
            return []
        with (
            nullcontext(client) if client else self._httpx.Client() as used,
            ThreadPoolExecutor(min(len(hubs), _HUBS_AT_ONCE)) as pool,
        ):
            try:
                told = list(pool.map(lambda hub: list(self._tell_hub(used, hub, due[hub])), hubs))
            except BaseException:
                self._interrupted.set()
                raise
        return [result for results in told for result in results]

    def _tell_hub(self, client: httpx.Client, hub: str, feeds: Sequence[str]) -> Iterator[PingResult]:
        """Tell one hub.

        One that fails feed after feed gets no more retries, since some answer 5xx for each feed that nobody
        subscribes to; one that does not answer at all, or asks for a long wait, is left alone for the rest.
        """
        failures = 0
        left_alone = False
        for feed in feeds:
            if left_alone or self._interrupted.is_set():
                yield PingResult(hub=hub, feed=feed, reason="not tried: the hub failed before")
                continue
            answer = self._insist(client, hub, feed, self._retries if failures < _PATIENCE else 0)
            failures = failures + 1 if answer.again else 0
            left_alone = answer.wants_long_wait or (answer.status is None and failures >= _PATIENCE)
            yield PingResult(hub=hub, feed=feed, status=answer.status, reason=answer.reason)

    def _insist(self, client: httpx.Client, hub: str, feed: str, retries: int) -> _Answer:
        """Ping until there is an answer that stands, or no retry is left."""
        answer = self._ask(client, hub, feed)
        for attempt in range(retries):
            if not answer.again or answer.wants_long_wait or self._interrupted.is_set():
                break
            self._sleep(min(_FIRST_WAIT * 2**attempt, LONGEST_WAIT) if answer.wait is None else answer.wait)
            answer = self._ask(client, hub, feed)
        return answer

    def _ask(self, client: httpx.Client, hub: str, feed: str) -> _Answer:
        """Ping once."""
        form = {"hub.mode": "publish", "hub.url": feed, "hub.topic": feed}
        # What is said is read as it comes, and never much of it: no coding to unpack.
        headers = {"User-Agent": f"digestfeed/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}
        try:
            request = client.build_request("POST", hub, data=form, headers=headers, timeout=self._timeout)
            return self._send(client, request)
        except self._httpx.TimeoutException:
            return _Answer(reason=f"no answer within {self._timeout:g} s", again=True)
        except self._httpx.HTTPError as error:
            return _Answer(reason=f"no answer: {_printable(str(error)) or type(error).__name__}", again=True)
        except (self._httpx.InvalidURL, ValueError) as error:
            return _Answer(reason=f"no URL that can be pinged: {_printable(str(error))}")

    def _send(self, client: httpx.Client, request: httpx.Request) -> _Answer:
        """Send a ping, and again to where a redirect points."""
        for _ in range(_REDIRECTS + 1):
            response = client.send(request, stream=True, follow_redirects=False)
            try:
                following = response.next_request
                if response.status_code not in {307, 308} or following is None:
                    return _answer(response)
            finally:
                response.close()
            if (request.url.scheme, following.url.scheme) not in _SAFE_STEPS:
                return _Answer(response.status_code, f"redirects to {_printable(str(following.url))}, refused")
            request = following
        return _Answer(response.status_code, "redirects too often")


_SAFE_STEPS = {("http", "http"), ("http", "https"), ("https", "https")}


class _Answer(msgspec.Struct, frozen=True):
    """What a hub said: why it failed, whether to try again, and the seconds that it asks to wait before."""

    status: int | None = None
    reason: str = ""
    again: bool = False
    wait: float | None = None

    @property
    def wants_long_wait(self) -> bool:
        return self.again and self.wait is not None and self.wait > LONGEST_WAIT


def _answer(response: httpx.Response) -> _Answer:
    status = response.status_code
    said = _said(response)
    if response.is_success:
        return _Answer(status)
    reason = f"{status} {_printable(response.reason_phrase)}".rstrip()
    if response.is_redirect:
        reason += f", redirects to {_printable(response.headers['Location'])}; set that as the hub if it is right"
    return _Answer(
        status,
        f"{reason}: {said}" if said else reason,
        again=status == 429 or response.is_server_error,
        wait=_asked_to_wait(response.headers),
    )


def _said(response: httpx.Response) -> str:
    """Read the answer's body, so that the connection can be used again; give what of it is for people."""
    body = b""
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > _ANSWER_UP_TO:
            break
    plain = response.headers.get("Content-Type", "").startswith("text/plain")
    return _printable(body[: 4 * _SAID_UP_TO].decode("utf-8", "replace")) if plain else ""


def _asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After, seconds or a date; a date is taken from the hub's own clock, which Date tells.

    >>> _asked_to_wait({"retry-after": "7"}), _asked_to_wait({"retry-after": "soon"})
    (7.0, None)
    """
    wanted = headers.get("retry-after", "").strip()
    if wanted.isascii() and wanted.isdigit():
        return float(wanted[:9])
    try:
        there = parsedate_to_datetime(headers["date"]).timestamp()
        return max(parsedate_to_datetime(wanted).timestamp() - there, 0.0)
    except (KeyError, ValueError, OverflowError):
        return None


def _printable(text: str) -> str:
    """Make a stranger's text fit for a line on a terminal."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(line.split())[:_SAID_UP_TO]


def _httpx() -> ModuleType:
    try:
        import httpx  # noqa: PLC0415 -- an extra, and slow to import
    except ImportError as error:
        raise DigestFeedError("pinging hubs needs httpx: pip install 'digestfeed[push]'") from error
    return httpx


# -- what has still to be told --------------------------------------------------------------------------------


class PendingFeed(msgspec.Struct, frozen=True):
    """A changed feed: the number of the note that spoke of it last, and the hubs that know already."""

    note: int
    told: tuple[str, ...] = ()


class Pending(msgspec.Struct, frozen=True):
    """What has still to be told: how many notes were taken so far, and feed (output path) → its state."""

    notes: int = 0
    feeds: dict[str, PendingFeed] = msgspec.field(default_factory=dict)


def pending_path(catalog: Path) -> Path:
    """Give the place of the file: beside the catalog, but not in it, since that may be deleted at any time."""
    return catalog.parent / PENDING


def load_pending(path: Path) -> Pending:
    """Read what has still to be told; a file that is not there or is damaged says nothing.

    A lost ping costs a delay: hubs and readers poll as well.

    Raises:
        OutputError: the file cannot be read.
    """
    try:
        pending = msgspec.json.decode(path.read_bytes(), type=Pending)
    except (FileNotFoundError, msgspec.MsgspecError):
        return Pending()
    except OSError as error:
        raise OutputError(str(path), f"cannot read it: {error.strerror}") from error
    feeds = {feed: state for feed, state in pending.feeds.items() if urls.is_subscription(feed)}
    return Pending(pending.notes, feeds)


def save_pending(path: Path, feeds: Iterable[str]) -> None:
    """Note that feeds changed, beside those noted before: every hub has to be told.

    Args:
        path: the file.
        feeds: output paths, as a build's report gives them; none changes nothing.

    Raises:
        OutputError: the file cannot be written.
    """
    changed = tuple(feeds)
    if not changed:
        return
    with _alone(path):
        before = load_pending(path)
        state = PendingFeed(before.notes + 1)
        _write(path, Pending(before.notes + 1, before.feeds | dict.fromkeys(changed, state)))


def settle_pending(path: Path, before: Pending, taken: Mapping[str, Iterable[str]], hubs: Iterable[str]) -> None:
    """Note who was told; a feed that all hubs know is done with.

    A feed that a build has noted anew since `before` was read stays as that build left it.

    Args:
        path: the file.
        before: what it held when the pings were sent.
        taken: feed (output path) → the hubs that took its ping.
        hubs: all hubs that there are.

    Raises:
        OutputError: the file cannot be written.
    """
    needed = frozenset(hubs)
    with _alone(path):
        now = load_pending(path)
        feeds = {}
        for feed, state in now.feeds.items():
            known = state
            if before.feeds.get(feed) is not None and before.feeds[feed].note == state.note:
                known = PendingFeed(state.note, tuple(sorted({*state.told, *taken.get(feed, ())} & needed)))
            if not needed <= set(known.told):
                feeds[feed] = known
        if feeds != now.feeds:
            _write(path, Pending(now.notes, feeds))


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep others from changing the file meanwhile: an flock on its folder, gone with the process."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise OutputError(str(path), f"cannot write it: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write(path: Path, pending: Pending) -> None:
    """Replace the file; it is whole at every moment, the old one or the new."""
    aside = path.with_name(f".{path.name}.new")
    try:
        with aside.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(pending, order="sorted"), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        with suppress(OSError):
            aside.unlink()
        raise OutputError(str(path), f"cannot write it: {error.strerror}") from error


# -- for the command line -------------------------------------------------------------------------------------


def remember(config: Config, catalog: Path, changed_feeds: Iterable[str]) -> None:
    """Note after a build which feeds changed, if there is a hub to be told.

    Raises:
        OutputError: the note cannot be written.
    """
    if config.feeds.hubs:
        save_pending(pending_path(catalog), changed_feeds)


def ping_pending(config: Config, catalog: Path) -> list[PingResult]:
    """Tell the config's hubs what they have not been told yet, and note who took it.

    Args:
        config: names the hubs and where the site is.
        catalog: the catalog's file; what is pending lies beside it.

    Returns:
        One result a hub and feed that was due, hub by hub; none where nothing was.

    Raises:
        ConfigError: there is no hub, or the site is where no hub can fetch it.
        DigestFeedError: httpx is not installed.
        OutputError: the note of what is pending cannot be read or written.
    """
    hubs = tuple(dict.fromkeys(config.feeds.hubs))
    if not hubs:
        raise ConfigError("feeds.hubs", "expected a hub to ping, got none; set it in digestfeed.toml")
    if config.base_url == PREVIEW_URL:
        raise ConfigError("base_url", f"expected the site's public address, got {PREVIEW_URL}, where no hub can fetch")
    path = pending_path(catalog)
    before = load_pending(path)
    due = {
        hub: [config.base_url + feed for feed, state in sorted(before.feeds.items()) if hub not in state.told]
        for hub in hubs
    }
    results = ping(due)
    taken: dict[str, list[str]] = {}
    for result in results:
        if result.ok:
            taken.setdefault(result.feed.removeprefix(config.base_url), []).append(result.hub)
    settle_pending(path, before, taken, hubs)
    return results
