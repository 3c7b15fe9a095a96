"""`watch` and `serve --live`: what counts as a change, and what a browser is told of it."""

from __future__ import annotations

import http.client
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from digestfeed import live, serve, watch
from digestfeed.cli import main
from digestfeed.errors import DigestFeedError
from tests.patience import WAIT
from tests.trees import item, write_digest


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look more often than people would want it."""
    monkeypatch.setattr(watch, "LOOK_MS", 50)
    monkeypatch.setattr(watch, "QUIET_MS", 50)


class Watched:
    """A folder that a thread watches; what it is told is taken with `next`."""

    def __init__(self, root: Path) -> None:
        self.digests = root / "digests"
        self.digests.mkdir()
        self.config = root / "digestfeed.toml"
        self.templates = root / "templates"
        self.out = self.digests / "out"
        self.stop = threading.Event()
        self.told: queue.Queue[list[str]] = queue.Queue()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        assert self.next() == []

    def _run(self) -> None:
        for paths in watch.changes(self.digests, [self.config, self.templates], [self.out], self.stop):
            self.told.put([Path(path).name for path in paths])

    def next(self) -> list[str]:
        return self.told.get(timeout=WAIT)

    def wait_for(self, name: str) -> None:
        """Wait until a name is told; a change may come in several parts, or once more."""
        while name not in self.next():
            pass

    def nothing_but(self, name: str, change: Callable[[], object]) -> None:
        """Hold that of all that happens until a change with this name, only that is told."""
        change()
        assert self.next() == [name]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """A watched folder."""
    found = Watched(tmp_path)
    yield found
    found.stop.set()
    found.thread.join(WAIT)
    assert not found.thread.is_alive()


def test_a_digest_that_comes_changes_or_goes_is_told(watched: Watched) -> None:
    """Also in a folder that is new."""
    path = write_digest(watched.digests, "2024-12-01.md", item("2412.00001"))
    watched.wait_for("2024-12-01.md")
    path.write_text("anew", "utf-8")
    watched.wait_for("2024-12-01.md")
    path.unlink()
    watched.wait_for("2024-12-01.md")
    write_digest(watched.digests, "2025/01/01.md", item("2412.00002"))
    watched.wait_for("2025")


def test_many_changes_at_once_are_one(watched: Watched) -> None:
    """A hundred digests that are copied are a few builds, not a hundred."""
    for number in range(100):
        write_digest(watched.digests, f"{number:03}.md", item("2412.00001"))
    seen: set[str] = set()
    times = 0
    while len(seen) < 100:
        seen.update(watched.next())
        times += 1
    assert times < 50


def test_what_a_build_writes_is_no_change(watched: Watched) -> None:
    """Nor what has a hidden name: or each build would cause the next."""
    watched.out.mkdir()
    (watched.out / "index.html").write_text("x")
    (watched.digests / ".hidden.md").write_text("x")
    watched.nothing_but("a.md", lambda: (watched.digests / "a.md").write_text("x"))


def test_config_and_templates_are_looked_at(watched: Watched) -> None:
    """Also when they come later, are replaced by an editor, or go."""
    watched.config.write_text("title = 'a'")
    assert watched.next() == ["digestfeed.toml"]
    other = watched.config.with_suffix(".new")
    other.write_text("title = 'b'")
    other.replace(watched.config)
    assert watched.next() == ["digestfeed.toml"]
    watched.templates.mkdir()
    (watched.templates / "paper.html").write_text("x")
    assert watched.next() == ["paper.html"]
    (watched.templates / "paper.html").unlink()
    assert watched.next() == ["paper.html"]


def test_a_folder_that_goes_and_comes_back_is_watched_again(watched: Watched) -> None:
    """A check-out may put another in its place."""
    away = watched.digests.with_name("away")
    watched.digests.rename(away)
    watched.wait_for("digests")
    away.rename(watched.digests)
    watched.wait_for("digests")
    while watched.next():  # nothing is told when the watch is set; what came before that has no name
        pass
    (watched.digests / "b.md").write_text("x")
    watched.wait_for("b.md")


def test_without_watchfiles_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(DigestFeedError, match=r"^watching needs watchfiles: pip install 'digestfeed\[watch\]'$"):
        next(watch.changes(tmp_path))
    (tmp_path / "2024-12-25.md").touch()
    ended = CliRunner().invoke(main, ["watch", str(tmp_path)])
    assert ended.output == "digestfeed: watching needs watchfiles: pip install 'digestfeed[watch]'\n"


# -- live -------------------------------------------------------------------------------------------------------

PAGE = (
    b"<html><head><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'none'\">"
    b"<title>T</title></head><body>one</body></html>"
)


@contextmanager
def shown(root: Path) -> Iterator[tuple[live.Reloader, str, int]]:
    """Show a folder live: the reloader, host and port."""
    reloader = live.Reloader()
    with serve.server(root, "127.0.0.1", 0, extras=reloader) as preview:
        thread = threading.Thread(target=preview.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield reloader, preview.server_name, preview.server_port
        reloader.end()
        preview.shutdown()
        thread.join(WAIT)


def get(host: str, port: int, path: str, method: str = "GET") -> tuple[http.client.HTTPResponse, bytes]:
    """Ask for a path."""
    connection = http.client.HTTPConnection(host, port, timeout=WAIT)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_a_page_gets_the_script_and_may_run_it(tmp_path: Path) -> None:
    """In the answer, never in the file; other files are shown as they are."""
    (tmp_path / "index.html").write_bytes(PAGE)
    (tmp_path / "feed.json").write_bytes(b"{}")
    with shown(tmp_path) as (_, host, port):
        answer, body = get(host, port, "/")
        assert answer.headers["Cache-Control"] == "no-store"
        assert b'<script src="/-live/reload.js?0"></script>\n</head>' in body
        assert b"content=\"default-src 'none'; script-src 'self'; connect-src 'self'\"" in body
        assert get(host, port, "/feed.json")[1] == b"{}"
        assert (tmp_path / "index.html").read_bytes() == PAGE


def test_a_page_without_head_or_policy_gets_the_script_too(tmp_path: Path) -> None:
    """Templates of one's own may be anything."""
    del tmp_path
    assert live.Reloader().rewrite(b"<p>x").startswith(b"<p>x<script src=")


def test_the_script_is_served(tmp_path: Path) -> None:
    """Under a name that no file of a site can have."""
    with shown(tmp_path) as (_, host, port):
        answer, body = get(host, port, "/-live/reload.js?0")
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
        assert b"EventSource" in body
        assert get(host, port, "/-live/reload.js", "HEAD")[1] == b""
        assert get(host, port, "/-live/other")[0].status == 404


@pytest.mark.parametrize("seen", ["", "x", "٣", "9" * 5000])
def test_whoever_names_no_version_is_told_the_one_that_there_is(tmp_path: Path, seen: str) -> None:
    with shown(tmp_path) as (_, host, port):
        connection = http.client.HTTPConnection(host, port, timeout=WAIT)
        connection.request("GET", f"{live.EVENTS}?{quote(seen)}")
        answer = connection.getresponse()
        assert [answer.readline() for _ in range(2)] == [b"event: built\n", b"data: 0\n"]
        connection.close()


def test_a_build_is_told_to_those_who_listen(tmp_path: Path) -> None:
    """Each once; to a page of an older build at once; and at the end the stream ends."""
    with shown(tmp_path) as (reloader, host, port):
        connection = http.client.HTTPConnection(host, port, timeout=WAIT)
        connection.request("GET", f"{live.EVENTS}?0")
        answer = connection.getresponse()
        assert answer.headers["Content-Type"] == "text/event-stream"
        reloader.built()
        assert [answer.readline() for _ in range(3)] == [b"event: built\n", b"data: 1\n", b"\n"]
        late = http.client.HTTPConnection(host, port, timeout=WAIT)
        late.request("GET", f"{live.EVENTS}?0")
        assert late.getresponse().readline() == b"event: built\n"
        reloader.end()
        assert answer.read() == b""
        connection.close()
        late.close()


def test_a_browser_that_goes_away_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a word, and others are still told."""
    monkeypatch.setattr(live, "_STILL_THERE", 0.02)
    with shown(tmp_path) as (reloader, host, port):
        for _ in range(serve.MOST_CONNECTIONS + 5):
            connection = http.client.HTTPConnection(host, port, timeout=WAIT)
            with suppress(OSError, http.client.HTTPException):
                connection.request("GET", f"{live.EVENTS}?0")
                assert connection.getresponse().readline() == b": still there\n"
            connection.close()
        reloader.built()
        connection = http.client.HTTPConnection(host, port, timeout=WAIT)
        connection.request("GET", f"{live.EVENTS}?0")
        assert b"built" in connection.getresponse().readline()
        connection.close()


# -- the commands -----------------------------------------------------------------------------------------------


@contextmanager
def command(root: Path, *arguments: str) -> Iterator[queue.Queue[str]]:
    """Run a command in a folder; what it says comes line by line, and Ctrl-C ends it with 0."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-u", "-m", "digestfeed", *arguments],
        cwd=root,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    said: queue.Queue[str] = queue.Queue()
    assert process.stderr is not None
    stream = process.stderr
    reader = threading.Thread(target=lambda: [*map(said.put, stream)], daemon=True)
    reader.start()
    try:
        yield said
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT) == 0
    finally:
        process.kill()
        process.wait()
        reader.join(WAIT)
        stream.close()


def until(said: queue.Queue[str], part: str) -> str:
    """Wait for a line that has a part."""
    while part not in (line := said.get(timeout=WAIT)):
        pass
    return line


def test_watch_builds_reports_and_goes_on(tmp_path: Path) -> None:
    """A config that is wrong, then right; a digest more; Ctrl-C."""
    write_digest(tmp_path / "digests", "2024-12-01.md", item("2412.00001"))
    with command(tmp_path, "watch") as said:
        assert "1 paper " in until(said, "paper ")
        until(said, "watching")
        (tmp_path / "digestfeed.toml").write_text("titel = 'x'")
        assert "did you mean title?" in until(said, "titel")
        (tmp_path / "digestfeed.toml").write_text("title = 'Another'")
        until(said, "1 paper ")
        write_digest(tmp_path / "digests", "2024-12-02.md", item("2412.00002"))
        assert "2 papers" in until(said, "papers")
    assert "Another" in (tmp_path / "out/index.html").read_text("utf-8")


def test_serve_live_builds_and_tells(tmp_path: Path) -> None:
    """What is shown is the new site, with the script that reloads it."""
    write_digest(tmp_path / "digests", "2024-12-01.md", item("2412.00001"))
    with command(tmp_path, "serve", "--live", "--port", "0") as said:
        url = until(said, "is shown at").split(" at ")[1].split(",")[0]
        host, port = url.removeprefix("http://").rstrip("/").split(":")
        assert live.SCRIPT.encode() in get(host, int(port), "/")[1]
        stream = http.client.HTTPConnection(host, int(port), timeout=WAIT)
        stream.request("GET", f"{live.EVENTS}?0")
        answer = stream.getresponse()
        write_digest(tmp_path / "digests", "2024-12-02.md", item("2412.00002"))
        while b"built" not in answer.readline():
            pass
        assert b"2412.00002" in get(host, int(port), "/")[1]
        stream.close()
    assert live.SCRIPT not in (tmp_path / "out/index.html").read_text("utf-8")
