"""The preview against those who mean harm: nothing from outside, nothing hidden, and nobody keeps it busy for good."""

from __future__ import annotations

import http.client
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import pytest

from digestfeed import serve
from tests.patience import WAIT, eventually
from tests.threats import ABSOLUTE, hidden, ways_out

SECRET = b"nobody's business"
PUBLIC = b"<!DOCTYPE html><title>public</title>"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An output, and beside it and hidden in it what nobody should see; links lead there."""
    public = ("index.html", "404.html", "feeds/all/index.html", "feeds/all/atom.xml", "papers/2412/2412.1.html")
    secret = (".gitignore", ".lock", ".staging/half.html", "feeds/.staging/half.html", "feeds/all/.secret")
    for name in public:
        _write(tmp_path / "out" / name, PUBLIC * 20)
    for name in (*(f"out/{name}" for name in secret), "secret.txt", "digests/secret.txt", ".digestfeed/catalog"):
        _write(tmp_path / name, SECRET)
    links = {
        "file.html": "../secret.txt",
        "chain.html": "file.html",
        "folder": "..",
        "deep": "folder/digests",
        "top": "/",
        "memory": "/proc/self/environ",
        "here": "/proc/self/cwd",
        "absolute.html": str(tmp_path / "secret.txt"),
        "dot.html": ".gitignore",
        "staging": ".staging",
        "loop": "loop",
        "round/about": "../round",
        "nowhere.html": "gone.html",
    }
    for name, target in links.items():
        path = tmp_path / "out" / name
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(target)
    return tmp_path / "out"


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.fixture
def server(root: Path) -> Iterator[serve.Preview]:
    """A running preview."""
    with serve.server(root, port=0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Line:
    """A connection, which goes on as long as the server lets it."""

    def __init__(self, server: serve.Preview) -> None:
        self._server = server
        self._open()

    def _open(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self._server.server_port), timeout=WAIT)
        self._file = self.socket.makefile("rb")

    def ask(self, target: str) -> tuple[int, bytes]:
        """Ask for a target as it stands; give the status and all that was sent."""
        self.socket.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode("latin-1"))
        head = b"".join(iter(self._file.readline, b"\r\n"))
        length = re.search(rb"Content-Length: (\d+)", head)
        body = self._file.read(int(length[1])) if length else b""
        if b"Connection: close" in head:
            self.close()
            self._open()
        return int(head.split()[1]), head + body

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@pytest.fixture
def line(server: serve.Preview) -> Iterator[Line]:
    """A connection to the preview."""
    with Line(server) as line:
        yield line


def say(server: serve.Preview, data: bytes) -> bytes:
    """Send these bytes, and give all that comes until the server closes, or for a second."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=WAIT) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(1 << 16), b""))
        except OSError:  # closed meanwhile, perhaps before the answer came through
            return b""


def hung_up(connection: socket.socket) -> bool:
    """Tell whether the other side closes without a word."""
    try:
        return not connection.recv(1 << 16)
    except ConnectionError:
        return True


# -- where a path leads ----------------------------------------------------------------------------------------


def test_no_way_leads_out(line: Line) -> None:
    """Each spelling of the folder above, with each separator, at three places: not there, and nothing is told."""
    targets = list(ways_out("secret.txt", "out/.gitignore"))
    assert len(targets) > 1500
    for target in targets:
        status, answer = line.ask(target)
        assert (status, SECRET in answer) == (404, False), target


def test_no_absolute_path_is_one(line: Line, root: Path) -> None:
    """Nor a drive, a share, a user's home, or what stands behind a NUL."""
    for goal in ("/etc/passwd", str(root.parent / "secret.txt")):
        for form in ABSOLUTE:
            target = form.format(goal)
            status, answer = line.ask(target)
            assert status in {400, 404, 421} or (status == 200 and PUBLIC in answer), target
            assert SECRET not in answer, target
            assert b"root:" not in answer, target


def test_nothing_hidden_is_there(line: Line) -> None:
    """Names with a dot in front, however they are spelt and wherever they stand."""
    targets = list(hidden("gitignore", "lock", "staging/half.html", "staging", "staging/"))
    assert len(targets) > 400
    for target in targets:
        status, answer = line.ask(target)
        assert status in {404, 421} or (status == 200 and PUBLIC in answer), target
        assert SECRET not in answer, target


@pytest.mark.parametrize(
    "target",
    [
        *("/file.html", "/chain.html", "/folder", "/folder/", "/folder/secret.txt", "/deep", "/deep/secret.txt"),
        *("/top", "/top/", "/top/etc/passwd", "/memory", "/here/pyproject.toml", "/absolute.html"),
        *("/dot.html", "/staging", "/staging/half.html", "/loop", "/loop/", "/round/about/", "/nowhere.html"),
    ],
)
def test_no_link_leads_out(line: Line, target: str) -> None:
    """To a file or folder, by a chain, to the top, to a hidden name, in circles, to nothing: 404 each."""
    status, answer = line.ask(target)
    assert (status, SECRET in answer, b"root:" in answer) == (404, False, False)


@pytest.mark.parametrize("folder", ["/", "/feeds/", "/feeds/all/", "/papers/", "/papers/2412/", "/feeds", "/papers"])
def test_nothing_is_listed(line: Line, folder: str) -> None:
    """A folder is its page, or is not there; no answer names another file."""
    _, answer = line.ask(folder)
    for name in (b".staging", b".gitignore", b"chain.html", b"2412.1"):
        assert name not in answer


def test_case_is_no_way_round(line: Line) -> None:
    """What is asked for in capitals is the same file or none, whatever the file system."""
    for target in ("/.GITIGNORE", "/.Staging/half.html", "/FEEDS/.STAGING/HALF.HTML", "/FILE.HTML"):
        status, answer = line.ask(target)
        assert (status, SECRET in answer) == (404, False)


# -- who is asked ----------------------------------------------------------------------------------------------

HOSTS = [
    *((host, 200) for host in ("localhost", "LOCALHOST", "localhost:8000", "127.0.0.1", "127.0.0.1:1", "[::1]:8000")),
    *((host, 200) for host in ("papers.localhost", "localhost.", "127.1.2.3", " localhost ", "localhost:")),
    *((host, 421) for host in ("example.org", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example")),
    *((host, 421) for host in ("evil.example#localhost", "evil.example/localhost", "me@localhost", "0.0.0.0")),  # noqa: S104 -- a name
    *((host, 421) for host in ("192.168.1.1", "[::]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1")),
    *((host, 421) for host in ("", "localhost:99999999", "localhost,evil.example", "notlocalhost", "::1", "\xe9")),
]


@pytest.mark.parametrize(("host", "status"), HOSTS)
def test_a_request_is_for_this_machine(server: serve.Preview, host: str, status: int) -> None:
    """A name that was made to lead here (DNS rebinding) is refused: a page from elsewhere could read the site by it."""
    answer = say(server, f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode("latin-1"))
    assert int(answer.split()[1]) == status
    assert (PUBLIC in answer) == (status == 200)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET / HTTP/1.1\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n", 400),
        ("GET / HTTP/1.0\r\n", 200),
        ("GET /\r\n", 200),
        ("GET /\r\nHost: evil.example\r\n", 421),
        ("GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n", 200),
        ("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n", 421),
        ("GET http://localhost/ HTTP/1.1\r\nHost: evil.example\r\n", 421),
        ("GET http://localhost@evil.example/ HTTP/1.1\r\nHost: localhost\r\n", 421),
        ("POST / HTTP/1.1\r\nHost: evil.example\r\n", 421),
    ],
)
def test_a_request_says_once_whom_it_is_for(server: serve.Preview, head: str, status: int) -> None:
    """HTTP/1.1 asks for one Host; a target in absolute form names one, too (RFC 9112, section 3.2)."""
    assert int(say(server, f"{head}Connection: close\r\n\r\n".encode()).split()[1]) == status


def test_who_listens_for_others_answers_to_any_name(root: Path) -> None:
    """A server that is not bound to this machine alone cannot know its names."""
    with serve.server(root, "0.0.0.0", 0) as server:  # noqa: S104 -- that it would be reachable is the point
        assert not server.is_local
    with serve.server(root, "127.0.0.1", 0) as server:
        assert server.is_local


# -- odd requests ----------------------------------------------------------------------------------------------

ODD = {
    "get / HTTP/1.1": (501,),
    "GeT / HTTP/1.1": (501,),
    "CONNECT localhost:22 HTTP/1.1": (405, 421),
    "TRACE / HTTP/1.1": (405,),
    "PROPFIND / HTTP/1.1": (501,),
    "LOCK / HTTP/1.1": (501,),
    "G\x00ET / HTTP/1.1": (501,),
    "_answer / HTTP/1.1": (501,),
    "GET\x0b/ HTTP/1.1": (200,),  # the base class splits at any white space; the target is a plain path
    "A" * 60_000 + " / HTTP/1.1": (501,),
    "GET /" + "a" * 70_000 + " HTTP/1.1": (414,),
    "GET / HTTP/1.1\r\nX: " + "a" * 70_000: (431,),
    "GET / HTTP/1.1" + "\r\nX: a" * 150: (431,),
    "GET / HTTP/2.0": (505,),
    "GET / HTTP/0.9": (200,),
    "BREW / HTTP/0.9\xa0": (501,),
    "GET / HTTP/1.1.1": (400,),
    "GET / HTTP/-1.1": (400,),
    "GET / HTTP/99999999999.1": (400,),
    "GET / JUNK/1.1": (400,),
    "GET / HTTP/\xb9.\xb2": (400,),
    "PRI * HTTP/2.0\r\n\r\nSM": (505,),
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03": (400,),  # the hello of TLS
    "SSH-2.0-OpenSSH_9.9": (400,),
    "GET / HTTP/1.1\r\n\x00: \x00": (200, 400),
    "GET / HTTP/1.1\r\n: nameless": (200, 400),
    "GET / HTTP/1.1\r\nno colon": (200, 400),
    "GET / HTTP/1.1\r\nRange: bytes=0-" + ",0-" * 10_000: (200,),
    "GET / HTTP/1.1\r\nIf-None-Match: " + '"a",' * 15_000: (200,),
    "GET / HTTP/1.1\r\nIf-Modified-Since: " + "9" * 60_000: (200,),
    "GET / HTTP/1.1\r\nAccept-Encoding: " + "gzip;q=0," * 7_000: (200,),
    "GET / HTTP/1.1\r\nExpect: 100-continue": (100, 200),
    "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff": (200,),
    "GET / HTTP/1.1\r\nContent-Length: -1": (200,),
    "GET / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade": (200,),
}


@pytest.mark.parametrize("head", ODD, ids=lambda head: ascii(head[:40]))
def test_an_odd_request_is_answered_or_refused(server: serve.Preview, head: str) -> None:
    """With a status of HTTP and the safe headers; and the next client is served as ever."""
    first, _, rest = head.partition("\r\n")
    lines = [first, "Host: localhost", "Connection: close", *([rest] if rest else [])]
    answer = say(server, "\r\n".join([*lines, "", ""]).encode("latin-1"))
    if answer:  # where the server closed while it was still being told, the answer may be lost on the way
        assert int(answer.split()[1]) in ODD[head]
        assert answer.count(b"X-Content-Type-Options: nosniff") >= 1
    with Line(server) as line:
        assert line.ask("/")[0] == 200


def test_requests_in_one_go_are_answered_in_order(server: serve.Preview) -> None:
    """Whoever does not wait for answers gets them all the same, each its own."""
    paths = ["/", "/no", "/feeds/all", "/feeds/all/atom.xml", "/.gitignore"] * 20
    heads = [f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n" for path in paths]
    answer = say(server, "".join(heads).encode())
    found = [int(code) for code in re.findall(rb"HTTP/1\.1 (\d+)", answer)]
    assert found == [200, 404, 301, 200, 404] * 20


@pytest.mark.parametrize("query", ["\x00", "\x1b[2J", "\xe9", "a\x7f"])
def test_a_redirect_repeats_no_control_character(server: serve.Preview, query: str) -> None:
    """Such a query is dropped."""
    answer = say(server, f"GET /feeds/all?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode("latin-1"))
    assert b"Location: /feeds/all/\r\n" in answer


def test_an_answer_tells_nothing_of_the_machine(server: serve.Preview, root: Path) -> None:
    """No version of Python or of this program, and no path, also when it refuses."""
    for target in ("/", "/no", "/%00", "http://[bad/"):
        for method in ("GET", "POST", "BREW"):
            answer = say(server, f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert re.search(rb"\r\nServer: digestfeed\r\n", answer)
            assert b"Python" not in answer
            assert str(root.parent).encode() not in answer


# -- those who take their time ---------------------------------------------------------------------------------

SLOW = (b"", b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: a")


@pytest.mark.parametrize("sent", SLOW, ids=ascii)
def test_who_does_not_finish_asking_is_hung_up_on(server: serve.Preview, sent: bytes) -> None:
    """After two looks of the watch, however often a byte came in between; whoever is new is waited for."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=WAIT) as slow:
        slow.sendall(sent)
        assert eventually(lambda: server.watch.waiting == 1)
        server.watch.look()
        slow.sendall(b"a")
        with Line(server) as new:
            assert eventually(lambda: server.watch.waiting == 2)
            server.watch.look()
            assert hung_up(slow)
            assert eventually(lambda: server.watch.waiting == 1)
            assert new.ask("/")[0] == 200


def test_who_is_being_answered_is_not_hung_up_on(server: serve.Preview, root: Path) -> None:
    """A long download is no waiting."""
    (root / "big.png").write_bytes(bytes(20_000_000))
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=WAIT)
    connection.request("GET", "/big.png")
    answer = connection.getresponse()
    for _ in range(3):
        server.watch.look()
    assert len(answer.read()) == 20_000_000
    connection.close()


def test_the_watch_ends_with_the_server(root: Path) -> None:
    """And looks as long as that runs."""
    with serve.server(root, port=0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        Line(server).close()
        server.shutdown()
        thread.join()
        watching = threading.Thread(target=server.watch.run)
        watching.start()
        watching.join(WAIT)
        assert not watching.is_alive()


def test_there_are_only_so_many_connections(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More are told to come back, and can when another has gone."""
    monkeypatch.setattr(serve, "MOST_CONNECTIONS", 3)
    with serve.server(root, port=0) as server, ExitStack() as stack:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        lines = [stack.enter_context(Line(server)) for _ in range(3)]
        assert [line.ask("/")[0] for line in lines] == [200, 200, 200]
        assert say(server, b"").startswith(b"HTTP/1.1 503 ")
        lines[0].close()
        assert eventually(lambda: b" 200 " in say(server, b"GET / HTTP/1.0\r\n\r\n"))


def test_a_file_that_is_cut_short_ends_the_connection(
    server: serve.Preview, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the next answer would be taken for its rest."""
    (root / "cut.png").write_bytes(bytes(1000))
    original = serve._open

    def cut(path: Path, kind: str) -> serve._Document | None:
        document = original(path, kind)
        if path.name == "cut.png":
            path.write_bytes(bytes(10))
        return document

    monkeypatch.setattr(serve, "_open", cut)
    two = b"GET /cut.png HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert say(server, two).count(b"HTTP/1.1 ") == 1
