"""The preview: which file a request becomes, and the HTTP around it; what real servers share is in test_servers."""

from __future__ import annotations

import gzip
import http.client
import os
import re
import socket
import threading
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestfeed import serve
from digestfeed.errors import OutputError
from digestfeed.media import media_type
from tests.patience import WAIT, eventually

FEED = b"<feed>" + b"entry " * 200 + b"</feed>"
PAGE = b"<!DOCTYPE html><title>Lost</title>"
SECRET = b"nobody's business"
DAY = 1_700_000_000


class Client:
    """Asks the preview, by a client library or byte by byte."""

    def __init__(self, server: serve.Preview) -> None:
        self.port = server.server_port

    def ask(self, path: str, method: str = "GET", **fields: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Ask once, on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in fields.items()})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def say(self, *lines: str, last: bool = True) -> bytes:
        """Send these lines, and give all that comes until the server closes."""
        close = "Connection: close\r\n" if last else ""
        text = "".join(f"{line}\r\n" for line in lines) + close + "\r\n"
        with socket.create_connection(("127.0.0.1", self.port), timeout=WAIT) as connection:
            connection.sendall(text.encode("latin-1"))
            return b"".join(iter(lambda: connection.recv(1 << 16), b""))

    def status(self, target: str) -> int:
        """Ask for a target as it stands, which a client library might mend."""
        return int(self.say(f"GET {target} HTTP/1.1", "Host: localhost").split()[1])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small output folder, and beside it what must not be seen."""
    files = {
        "out/index.html": b"front",
        "out/404.html": PAGE,
        "out/feeds/all/index.html": b"all",
        "out/feeds/all/atom.xml": FEED,
        "out/feeds/all/picture.png": FEED,
        "out/archive/2024-12/papers.jsonl": b"0123456789",
        "out/empty.txt": b"",
        "out/papers/1.html": b"paper",
        "out/.staging/half.html": SECRET,
        "out/.gitignore": SECRET,
        "out/feeds/.hidden": SECRET,
        "secret.txt": SECRET,
        "outside/index.html": SECRET,
    }
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
        os.utime(tmp_path / name, (DAY, DAY))
    return tmp_path / "out"


@pytest.fixture
def log() -> list[str]:
    """What the server said."""
    return []


@pytest.fixture
def client(root: Path, log: list[str]) -> Iterator[Client]:
    """A client of a running preview."""
    with serve.server(root, port=0, log=log.append) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Client(server)
        finally:
            server.shutdown()
            thread.join()


# -- types ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("feeds/all/atom.xml", "application/atom+xml; charset=utf-8"),
        ("feeds/all/archive/2024-12-1.xml", "application/atom+xml; charset=utf-8"),
        ("feeds/all/rss.xml", "application/rss+xml; charset=utf-8"),
        ("feeds/all/feed.json", "application/feed+json"),
        ("feeds.opml", "text/x-opml; charset=utf-8"),
        ("archive/2024-12/papers.jsonl", "application/jsonl"),
        ("archive/2024-12/papers.bib", "application/x-bibtex; charset=utf-8"),
        ("archive/2024-12/sitemap.xml", "application/xml; charset=utf-8"),
        ("index.html", "text/html; charset=utf-8"),
        ("assets/style.css", "text/css; charset=utf-8"),
        ("status.json", "application/json; charset=utf-8"),
        ("robots.txt", "text/plain; charset=utf-8"),
        ("pagefind/en.pf_meta", "application/octet-stream"),
        ("CNAME", "application/octet-stream"),
    ],
)
def test_the_type_follows_the_path(path: str, kind: str) -> None:
    """Feeds are told apart by their names, the rest by its suffix, and what is unknown is only bytes."""
    assert media_type(path) == kind


# -- the gate -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt",
        "/feeds/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/%2E%2E%2Fsecret.txt",
        "/..%2fsecret.txt",
        "/%252e%252e/secret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/feeds\\all\\atom.xml",
        "/index.html%00.png",
        "/%00",
        "/index.html%0d%0aX-Other:%20yes",
        "/.gitignore",
        "/%2egitignore",
        "/.staging/half.html",
        "/feeds/.hidden",
        "/./index.html",
        "/feeds/./all/atom.xml",
        "/feeds//all/atom.xml",
        "/index.html/",
        "/C:/index.html",
        "/~root",
        "/%ff%fe",
        "/%C0%AE%C0%AE/secret.txt",
        "/\xe9",
        "/" + "a" * 5000,
        "/" + "a/" * 5000,
        "/papers/",
        "http://[bad/",
        "no-slash",
        "*",
    ],
)
def test_what_is_no_plain_path_is_not_there(client: Client, target: str) -> None:
    """Nothing leads out, nothing hidden is named, nothing is listed, and no spelling of a path gets around that."""
    answer = client.say(f"GET {target} HTTP/1.1", "Host: localhost")
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert SECRET not in answer
    assert b"X-Other" not in answer


@pytest.mark.parametrize(
    "target", ["http://localhost/feeds/all/atom.xml?x=1#y", "/feeds/all/atom%2Exml", "/feeds/%61ll/atom.xml"]
)
def test_a_target_in_another_form_is_the_same_file(client: Client, target: str) -> None:
    """A server takes absolute targets (RFC 9112, section 3.2.2) and needless escapes (RFC 3986, section 2.3)."""
    assert client.status(target) == 200


@pytest.mark.parametrize("link", ["out.txt", "folder/index.html", "folder/", "out/hidden.txt", "loop.html"])
def test_a_link_does_not_lead_out(client: Client, root: Path, link: str) -> None:
    """Not to a file, not by a folder, not to a hidden name, not in circles."""
    (root / "out.txt").symlink_to("../secret.txt")
    (root / "folder").symlink_to("../outside")
    (root / "out").mkdir()
    (root / "out" / "hidden.txt").symlink_to("../.gitignore")
    (root / "loop.html").symlink_to("loop.html")
    status, _, body = client.ask(f"/{link}")
    assert (status, body) == (404, PAGE)


def test_a_link_inside_is_followed(client: Client, root: Path) -> None:
    """And its type is that of the name asked for."""
    (root / "latest.xml").symlink_to("feeds/all/atom.xml")
    status, headers, body = client.ask("/latest.xml")
    assert (status, headers["Content-Type"], body) == (200, "application/xml; charset=utf-8", FEED)


def test_the_page_of_what_is_lost_may_not_lead_out(client: Client, root: Path) -> None:
    """A 404 page that is a link outwards, or missing, is replaced by plain words."""
    (root / "404.html").unlink()
    assert client.ask("/no")[2] == b"404 Not Found\n"
    (root / "404.html").symlink_to("../secret.txt")
    assert client.ask("/no")[2] == b"404 Not Found\n"


def test_what_is_no_file_is_not_there(client: Client, root: Path) -> None:
    """A pipe does not hold the server up, and a folder is no page."""
    os.mkfifo(root / "pipe.html")
    (root / "papers" / "index.html").mkdir()
    assert client.ask("/pipe.html")[0] == 404
    assert client.ask("/papers/")[0] == 404


def test_the_output_may_be_a_link_that_moves(tmp_path: Path, root: Path) -> None:
    """A site that is deployed by changing a link is shown as it is now."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "index.html").write_text("other")
    current = tmp_path / "current"
    current.symlink_to(root)
    with serve.server(current, port=0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            assert Client(server).ask("/")[2] == b"front"
            current.unlink()
            current.symlink_to(other)
            assert Client(server).ask("/")[2] == b"other"
        finally:
            server.shutdown()
            thread.join()


# -- folders --------------------------------------------------------------------------------------------------


def test_a_folder_without_its_slash_leads_to_it(client: Client) -> None:
    """The query goes along, and the address is a path: it cannot lead to another host."""
    assert client.ask("/feeds/all?x=1")[1]["Location"] == "/feeds/all/?x=1"
    for target in ("//evil.example/..", "//feeds/all", "///feeds/all", "/%2ffeeds", "http://evil.example//feeds"):
        location = re.search(rb"Location: (.*)\r\n", client.say(f"GET {target} HTTP/1.1", "Host: localhost"))
        assert location is None or re.match(rb"/\w", location[1]), target


# -- validators -----------------------------------------------------------------------------------------------


def test_each_encoding_has_its_own_strong_validator(client: Client) -> None:
    """A gzip body is other bytes, so it has another ETag (RFC 9110, section 8.8.3.3), and the same one each time."""
    plain, packed = client.ask("/feeds/all/atom.xml"), client.ask("/feeds/all/atom.xml", Accept_Encoding="gzip")
    tags = [answer[1]["ETag"] for answer in (plain, packed)]
    assert all(re.fullmatch(r'"[^"]+"', tag) for tag in tags)
    assert tags[0] != tags[1]
    assert client.ask("/feeds/all/atom.xml", Accept_Encoding="gzip")[2] == packed[2]
    assert plain[1]["Last-Modified"] == packed[1]["Last-Modified"] == formatdate(DAY, usegmt=True)
    assert plain[1]["Vary"] == "Accept-Encoding"


def test_a_validator_changes_with_the_file(client: Client, root: Path) -> None:
    """Also if the size and the second are the same."""
    tags = set()
    for moment in (DAY * 10**9, DAY * 10**9 + 1):
        os.utime(root / "index.html", ns=(moment, moment))
        tags.add(client.ask("/")[1]["ETag"])
    assert len(tags) == 2


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"If_None_Match": "{etag}"}, 304),
        ({"If_None_Match": "W/{etag}"}, 304),
        ({"If_None_Match": '"a", {etag} , "b"'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"other"'}, 200),
        ({"If_None_Match": "nonsense"}, 200),
        ({"If_Modified_Since": formatdate(DAY, usegmt=True)}, 304),
        ({"If_Modified_Since": formatdate(DAY + 9, usegmt=True)}, 304),
        ({"If_Modified_Since": "Tuesday, 14-Nov-23 22:13:20 GMT"}, 304),
        ({"If_Modified_Since": "Tue Nov 14 22:13:20 2023"}, 304),
        ({"If_Modified_Since": formatdate(DAY - 1, usegmt=True)}, 200),
        ({"If_Modified_Since": "yesterday"}, 200),
        ({"If_Modified_Since": "Tue, 99 Foo 99999 99:99:99 GMT"}, 200),
        ({"If_None_Match": '"other"', "If_Modified_Since": formatdate(DAY, usegmt=True)}, 200),
        ({"If_None_Match": "{etag}", "If_Modified_Since": formatdate(0, usegmt=True)}, 304),
    ],
)
def test_a_condition_is_answered(client: Client, fields: dict[str, str], status: int) -> None:
    """If-None-Match decides where it is there, else If-Modified-Since; what cannot be read asks for nothing."""
    etag = client.ask("/feeds/all/atom.xml")[1]["ETag"]
    asked = {name: value.replace("{etag}", etag) for name, value in fields.items()}
    got, headers, body = client.ask("/feeds/all/atom.xml", **asked)
    assert (got, body) == (status, FEED if status == 200 else b"")
    assert headers["ETag"] == etag
    assert client.ask("/feeds/all/atom.xml", "HEAD", **asked)[0] == status


# -- gzip -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("gzip ; q=1.000", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0.0, *", False),
        ("*;q=0", False),
        ("gzipped", False),
        ("gzip;q=high", False),
    ],
)
def test_gzip_is_for_who_accepts_it(client: Client, accepted: str, packed: bool) -> None:  # noqa: FBT001
    """By name or by `*`, unless the weight is none."""
    _, headers, body = client.ask("/feeds/all/atom.xml", Accept_Encoding=accepted)
    assert headers.get("Content-Encoding") == ("gzip" if packed else None)
    assert (gzip.decompress(body) if packed else body) == FEED
    assert headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize("path", ["/", "/feeds/all/picture.png", "/empty.txt"])
def test_what_gzip_would_not_make_smaller_is_left(client: Client, path: str) -> None:
    """Small files and pictures."""
    assert "Content-Encoding" not in client.ask(path, Accept_Encoding="gzip")[1]


def test_head_tells_the_length_of_what_get_sends(client: Client) -> None:
    """Also of the compressed body, and for a range, which only a GET can ask for (RFC 9110, section 14.2)."""
    got = client.ask("/feeds/all/atom.xml", Accept_Encoding="gzip")[1]
    head = client.ask("/feeds/all/atom.xml", "HEAD", Accept_Encoding="gzip", Range="bytes=0-1")
    assert head[0] == 200
    assert head[2] == b""
    for name in ("Content-Length", "Content-Encoding", "ETag", "Content-Type"):
        assert head[1][name] == got[name]


# -- ranges ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "status", "body"),
    [
        ("bytes=0-3", 206, b"0123"),
        ("bytes=4-", 206, b"456789"),
        ("bytes=-2", 206, b"89"),
        ("BYTES = 3 - 3", 206, b"3"),
        ("bytes=8-99", 206, b"89"),
        ("bytes=-99", 200, b"0123456789"),
        ("bytes=0-9", 200, b"0123456789"),
        ("bytes=0-1,4-5", 200, b"0123456789"),
        ("bytes=5-4", 200, b"0123456789"),
        ("bytes=-", 200, b"0123456789"),
        ("bytes=a-b", 200, b"0123456789"),
        ("bytes=" + "9" * 5000 + "-", 200, b"0123456789"),
        ("lines=0-3", 200, b"0123456789"),
        ("bytes=10-", 416, b""),
        ("bytes=-0", 416, b""),
    ],
)
def test_one_range_of_bytes_is_served(client: Client, wanted: str, status: int, body: bytes) -> None:
    """What is no single range is not asked for; what begins behind the end is refused."""
    got, headers, sent = client.ask("/archive/2024-12/papers.jsonl", Range=wanted, Accept_Encoding="gzip")
    assert got == status
    if status == 416:
        assert headers["Content-Range"] == "bytes */10"
    else:
        assert sent == body
        assert headers["Content-Length"] == str(len(body))
        assert headers["Accept-Ranges"] == "bytes"


def test_a_range_of_nothing_is_refused(client: Client) -> None:
    """An empty file has no byte to begin with."""
    assert client.ask("/empty.txt", Range="bytes=0-")[0] == 416
    assert client.ask("/empty.txt")[::2] == (200, b"")


@pytest.mark.parametrize(
    ("state", "status"),
    [("{etag}", 206), ('"other"', 200), ("W/{etag}", 200), (formatdate(DAY, usegmt=True), 200)],
)
def test_a_part_is_only_of_the_state_that_is_meant(client: Client, state: str, status: int) -> None:
    """If-Range compares strongly; where it does not match, everything is sent."""
    path = "/archive/2024-12/papers.jsonl"
    etag = client.ask(path)[1]["ETag"]
    assert client.ask(path, Range="bytes=0-1", If_Range=state.replace("{etag}", etag))[0] == status


@given(size=st.integers(0, 50), first=st.integers(0, 60) | st.just(""), last=st.integers(0, 60) | st.just(""))
def test_a_span_is_what_slicing_gives(size: int, first: int | str, last: int | str) -> None:
    """A range served is the slice that the request names; none is served only where that slice is empty."""
    data = bytes(range(size))
    span = serve._span(f"bytes={first}-{last}", size)
    if first == "":
        expected = data[max(size - int(last), 0) :] if last != "" else data
    else:
        expected = data[int(first) : None if last == "" else int(last) + 1]
        expected = data if last != "" and int(last) < int(first) else expected
    if span is None:
        assert expected == b""
    else:
        assert data[span.start : span.start + span.length] == expected


# -- methods and connections ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_only_reading_is_allowed(client: Client, method: str) -> None:
    """405 says what is allowed."""
    status, headers, _ = client.ask("/", method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("line", ["BREW / HTTP/1.1", "GET / HTTP/3.0", "GET", "GET / HTTP/1.1 more"])
def test_nonsense_is_refused_with_the_safe_headers(client: Client, line: str) -> None:
    """What the base class refuses carries them too."""
    answer = client.say(line, "Host: localhost")
    assert re.match(rb"HTTP/1.1 (400|501|505) ", answer)
    assert b"X-Content-Type-Options: nosniff\r\n" in answer


def test_a_connection_serves_many_requests(client: Client) -> None:
    """Kept alive, also after 304, 404, 416 and a range."""
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=WAIT)
    try:
        for path, fields, status in (
            ("/", {}, 200),
            ("/", {"If-None-Match": "*"}, 304),
            ("/no", {}, 404),
            ("/", {"Range": "bytes=1-2"}, 206),
            ("/", {"Range": "bytes=99-"}, 416),
            ("/feeds/all", {}, 301),
            ("/feeds/all/atom.xml", {"Accept-Encoding": "gzip"}, 200),
        ):
            connection.request("GET", path, headers=fields)
            first = connection.sock
            answer = connection.getresponse()
            answer.read()
            assert answer.status == status
            assert connection.sock is first
    finally:
        connection.close()


def test_a_body_is_not_taken_for_a_request(client: Client) -> None:
    """What follows the head of a GET as its body is never answered."""
    inner = "GET /feeds/all/ HTTP/1.1"
    answer = client.say("GET / HTTP/1.1", "Host: localhost", f"Content-Length: {len(inner)}", "", inner, last=False)
    assert answer.count(b"HTTP/1.1 200 OK") == 1


def test_an_old_client_is_answered(client: Client) -> None:
    """HTTP/1.0, or what names no version."""
    for line in ("GET / HTTP/1.0", "GET /"):
        answer = client.say(line, last=False)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(b"front")


def test_a_client_that_goes_away_is_no_error(client: Client, root: Path, log: list[str]) -> None:
    """The server says nothing of it and goes on."""
    (root / "big.png").write_bytes(bytes(20_000_000))
    with socket.create_connection(("127.0.0.1", client.port)) as connection:
        connection.sendall(b"GET /big.png HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.recv(100)
    assert client.ask("/")[0] == 200
    assert not [line for line in log if line.startswith("failed")]


def test_a_download_goes_on_while_a_build_replaces_the_file(client: Client, root: Path) -> None:
    """The bytes, the length and the ETag of an answer are of one state."""
    old, new = bytes(8_000_000), b"n" * 9_000_000
    (root / "big.png").write_bytes(old)
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=WAIT)
    try:
        connection.request("GET", "/big.png")
        answer = connection.getresponse()
        (root / "new").write_bytes(new)
        (root / "new").replace(root / "big.png")
        assert answer.read() == old
    finally:
        connection.close()
    assert client.ask("/big.png")[2] == new


# -- starting and ending --------------------------------------------------------------------------------------


def test_a_taken_port_is_said(root: Path) -> None:
    """One sentence with the address, and exit code 1."""
    with serve.server(root, port=0) as first, pytest.raises(OutputError) as raised:
        serve.server(root, port=first.server_port)
    assert str(raised.value).startswith(f"127.0.0.1:{first.server_port}: cannot listen there: ")
    assert raised.value.exit_code == 1


def test_an_address_that_is_not_ours_is_said(root: Path) -> None:
    """One of those kept for documentation (RFC 5737), which no machine has."""
    with pytest.raises(OutputError, match=r"192\.0\.2\.1:0: cannot listen there"):
        serve.server(root, "192.0.2.1", 0)


def test_a_site_that_is_not_built_is_said(tmp_path: Path) -> None:
    """No folder, or a file."""
    (tmp_path / "file").touch()
    for name in ("none", "file"):
        with pytest.raises(OutputError, match="build the site first"):
            serve.server(tmp_path / name, port=0)


def test_the_address_can_be_followed(root: Path) -> None:
    """With the port that was given, and brackets around an IPv6 address."""
    with serve.server(root, port=0) as server:
        assert server.url == f"http://127.0.0.1:{server.server_port}/"
    if socket.has_ipv6:
        try:
            server = serve.server(root, "::1", 0)
        except OutputError:
            return
        with server:
            assert server.url == f"http://[::1]:{server.server_port}/"


def test_requests_are_told_in_printable_ascii(client: Client, log: list[str]) -> None:
    """A request cannot steer the terminal that shows it."""
    client.say("GET /\x1b[2J\x9b HTTP/1.1", "Host: localhost")
    assert eventually(lambda: log)
    assert all(line.isascii() and line.isprintable() for line in log)
    assert "404" in log[0]


def test_serving_ends_with_an_interrupt(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is the way to end it, and the port is free again."""

    def interrupted(_server: serve.Preview) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(serve.Preview, "serve_forever", interrupted)
    said: list[str] = []
    serve.serve(root, port=0, log=said.append)
    assert len(said) == 1
    found = re.search(r"http://127\.0\.0\.1:(\d+)/", said[0])
    assert found
    serve.server(root, port=int(found[1])).server_close()


def test_an_error_of_ours_is_told_and_survived(client: Client, log: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that fails inside ends its connection, not the server, and prints no traceback."""
    monkeypatch.setattr(serve, "media_type", lambda _path: 1 // 0)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        client.ask("/")
    assert eventually(lambda: [line for line in log if line.startswith("failed: ZeroDivisionError")])
    monkeypatch.undo()
    assert client.ask("/")[0] == 200
