"""The configs of docs/servers on the real servers, over a small site; the preview has to keep the same promises."""

from __future__ import annotations

import gzip
import http.client
import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path

import pytest

from digestfeed import serve
from digestfeed.media import media_type
from tests.patience import WAIT, eventually, listens
from tests.threats import hidden, ways_out
from tests.trees import item, run, write_digest

CONFIGS = Path(__file__).parent.parent / "docs" / "servers"
SECURITY = {name.lower(): value for name, value in serve.SAFE_HEADERS.items()}
HIDDEN = (
    "/.gitignore",
    "/.staging/half.html",
    "/feeds/.staging/half.html",
    "/%2egitignore",
    "/feeds/%2e%2e/.gitignore",
)


class Site:
    """A server over a site."""

    def __init__(self, kind: str, root: Path, port: int) -> None:
        self.kind = kind
        self.root = root
        self.port = port

    def ask(self, path: str, method: str = "GET", **fields: str) -> tuple[int, dict[str, str], bytes]:
        """Ask once; give the status, the headers by their names in lower case, and the bytes as they came."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        try:
            headers = {name.replace("_", "-"): value for name, value in fields.items()}
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with a file of every kind, and with names that are nobody's business."""
    root = tmp_path_factory.mktemp("site")
    for month in (11, 12):
        papers = [item(f"24{month}.{number:05d}") for number in range(1, 61)]
        write_digest(root / "digests", f"2024-{month}-27.md", *papers)
        write_digest(root / "digests", f"2024-{month}-28.md", *(paper.replace(".0", ".1") for paper in papers))
    run(root)
    for name in (".gitignore", ".staging/half.html", "feeds/.staging/half.html"):
        (root / "out" / name).parent.mkdir(exist_ok=True)
        (root / "out" / name).write_text("half\n" * 100)
    (root / "out" / "linked.md").symlink_to("../digests/2024-12-27.md")
    return root / "out"


@pytest.fixture(scope="module", params=["nginx", "caddy", "preview"])
def site(request: pytest.FixtureRequest, out: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site on a server."""
    if request.param == "preview":
        with preview(out) as port:
            yield Site("preview", out, port)
        return
    program = shutil.which(request.param, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{request.param} is not installed")
    with {"nginx": nginx, "caddy": caddy}[request.param](program, out, tmp_path_factory.mktemp(request.param)) as port:
        yield Site(request.param, out, port)


@contextmanager
def preview(out: Path) -> Iterator[int]:
    """Run our own server."""
    with serve.server(out, port=0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def nginx(program: str, out: Path, home: Path) -> Iterator[int]:
    """Run nginx with our site in an otherwise empty configuration."""
    port = free_port()
    changes = {"listen 80;": f"listen 127.0.0.1:{port};", "listen [::]:80;": "", "/srv/papers/out": str(out)}
    (home / "site.conf").write_text(rendered("nginx.conf", changes))
    temporary = "".join(
        f"{kind}_temp_path {home}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (home / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {home}/pid;\nerror_log {home}/error.log;\nevents {{ }}\n"
        f"http {{\naccess_log off;\n{temporary}include {home}/site.conf;\n}}\n"
    )
    with running([program, "-e", f"{home}/error.log", "-p", str(home), "-c", f"{home}/nginx.conf"], port, home):
        yield port


@contextmanager
def caddy(program: str, out: Path, home: Path) -> Iterator[int]:
    """Run Caddy with our site, on plain HTTP and without its administration."""
    port = free_port()
    site = rendered("Caddyfile", {"papers.example.org {": f"http://127.0.0.1:{port} {{", "/srv/papers/out": str(out)})
    (home / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https off\n}\n" + site)
    with running([program, "run", "--config", str(home / "Caddyfile"), "--adapter", "caddyfile"], port, home):
        yield port


@contextmanager
def running(command: list[str], port: int, home: Path) -> Iterator[None]:
    """Run a server until it is no longer needed; fail with its log if it does not come up."""
    places = {"HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | places)  # noqa: S603
    try:
        eventually(lambda: process.poll() is not None or listens(port))
        assert process.poll() is None, (home / "log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(WAIT)


def rendered(name: str, changes: dict[str, str]) -> str:
    """Give a config with other values for what is its owner's; each stands in it once."""
    text = (CONFIGS / name).read_text("utf-8")
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def free_port() -> int:
    """Give a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def public(out: Path) -> list[str]:
    """List the files that are for everyone, one a folder and kind: all feeds of a kind are alike."""
    paths = sorted(
        path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file() and not path.is_symlink()
    )
    kinds = {re.sub(r"\d{4}[^/]*(?=\.)", "N", path): path for path in paths if "/." not in f"/{path}"}
    return sorted(kinds.values())


def directives(policy: str) -> dict[str, set[str]]:
    """Read a content security policy: directive → its sources."""
    rows = [row.split() for row in policy.split(";") if row.strip()]
    return {row[0]: set(row[1:]) for row in rows}


def test_every_kind_of_file_has_its_type(site: Site) -> None:
    """The type that is right for a path, whatever types the system's own table knows."""
    paths = [path for path in public(site.root) if path != "404.html"]
    assert {path.rpartition(".")[2] for path in paths} >= {"html", "xml", "json", "jsonl", "bib", "opml", "css", "txt"}
    for path in paths:
        status, headers, body = site.ask(f"/{path}")
        assert (status, headers["content-type"]) == (200, media_type(path)), path
        assert body == (site.root / path).read_bytes(), path


def test_a_folder_is_its_page(site: Site) -> None:
    """Addresses end with the folder, and without its slash they lead there, whatever the server's host and port."""
    for folder in ("/", "/archive/", "/feeds/all/", "/archive/2024-12/"):
        status, headers, body = site.ask(folder)
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert body == (site.root / folder.strip("/") / "index.html").read_bytes()
    status, headers, _ = site.ask("/feeds/all")
    assert (status in {301, 308}, headers["location"]) == (True, "/feeds/all/")


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_who_has_it_is_told_so(site: Site, coding: str) -> None:
    """A reader that sends back ETag or Last-Modified gets 304 and no body, compressed or not."""
    for path in ("/feeds/all/atom.xml", "/feeds/all/feed.json", "/feeds.opml", "/"):
        _, headers, _ = site.ask(path, Accept_Encoding=coding)
        for known in (
            {"If_None_Match": headers["etag"]},
            {"If_None_Match": f'"other", {headers["etag"]}'},
            {"If_Modified_Since": headers["last-modified"]},
        ):
            status, again, body = site.ask(path, Accept_Encoding=coding, **known)
            assert (status, body) == (304, b""), (path, known)
            assert "cache-control" in again
            assert again["etag"].strip("W/") == headers["etag"].strip("W/")
        status, _, _ = site.ask(path, Accept_Encoding=coding, If_None_Match='"other"')
        assert status == 200


def test_texts_are_compressed_for_who_takes_it(site: Site) -> None:
    """Feeds, pages and data come as gzip, and caches are told that this depends on the request."""
    for path in public(site.root):
        size = (site.root / path).stat().st_size
        if size < 600 or path == "404.html" or path.endswith(".png"):
            continue
        _, headers, body = site.ask(f"/{path}", Accept_Encoding="gzip")
        assert headers.get("content-encoding") == "gzip", path
        assert "Accept-Encoding" in headers["vary"]
        assert headers["content-type"] == media_type(path)
        assert gzip.decompress(body) == (site.root / path).read_bytes()
        assert len(body) < size
        assert "content-encoding" not in site.ask(f"/{path}")[1]


def test_head_is_get_without_the_body(site: Site) -> None:
    """A HEAD has the headers of the GET."""
    for path in ("/feeds/all/rss.xml", "/archive/2024-12/papers.jsonl", "/nothing-here"):
        got, head = site.ask(path), site.ask(path, "HEAD")
        assert head[2] == b""
        assert head[0] == got[0]
        for name in ("content-type", "content-length", "etag", "last-modified", "cache-control"):
            assert head[1].get(name) == got[1].get(name), name


def test_a_part_can_be_had(site: Site) -> None:
    """A download of the data can be taken up again, but not of another state; a part that is not there is refused."""
    path = "/archive/2024-12/papers.jsonl"
    whole = (site.root / path[1:]).read_bytes()
    _, headers, _ = site.ask(path)
    status, part, body = site.ask(path, Range="bytes=5-14", If_Range=headers["etag"])
    assert (status, body, part["content-range"]) == (206, whole[5:15], f"bytes 5-14/{len(whole)}")
    assert site.ask(path, Range="bytes=-7")[2] == whole[-7:]
    assert site.ask(path, Range="bytes=5-14", If_Range='"other"')[::2] == (200, whole)
    status, part, _ = site.ask(path, Range=f"bytes={len(whole)}-")
    assert (status, part["content-range"]) == (416, f"bytes */{len(whole)}")


def test_what_is_not_there_has_the_sites_page(site: Site) -> None:
    """404 and the site's page as HTML, also for a feed, an archive, and a folder without a page."""
    page = (site.root / "404.html").read_bytes()
    for path in (
        "/no",
        "/feeds/no/atom.xml",
        "/feeds/all/archive/2001-01-1.xml",
        "/archive/2001-01/papers.bib",
        "/papers/",
    ):
        status, headers, body = site.ask(path)
        assert (status, headers["content-type"], body) == (404, "text/html; charset=utf-8", page), path
        assert {name: headers[name] for name in SECURITY} == SECURITY


@pytest.mark.parametrize("path", HIDDEN)
def test_hidden_names_are_not_there(site: Site, path: str) -> None:
    """What a build has half written, and files of tools, answer as if they were not there."""
    status, _, body = site.ask(path)
    assert (status, b"half" in body) == (404, False)


@pytest.mark.parametrize(
    "path", ["/../digests/2024-12-27.md", "/%2e%2e/digests/2024-12-27.md", "/feeds/..%2f..%2fdigests/2024-12-27.md"]
)
def test_nothing_outside_is_served(site: Site, path: str) -> None:
    """A path does not lead out of the site."""
    status, _, body = site.ask(path)
    assert (status in {400, 403, 404}, "제목".encode() in body) == (True, False)


def test_no_way_leads_out(site: Site) -> None:
    """Whatever the spelling of the folder above and of what stands between names, no digest is served."""
    for target in ways_out("digests/2024-12-27.md"):
        _, _, body = site.ask(target)
        assert "**PDF 다운로드 링크**".encode() not in body, target


def test_nothing_hidden_is_there(site: Site) -> None:
    """Whatever the spelling of a hidden name."""
    for target in hidden("gitignore", "staging/half.html"):
        _, _, body = site.ask(target)
        assert b"half\nhalf" not in body, target


def test_a_link_that_leads_out_is_not_followed(site: Site) -> None:
    """Except by Caddy, which cannot be told; its section in docs/servers.md says so."""
    status, _, body = site.ask("/linked.md")
    assert (status, "제목".encode() in body) == ((200, True) if site.kind == "caddy" else (404, False))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_site_is_only_read(site: Site, method: str) -> None:
    """Other methods are refused."""
    status, headers, _ = site.ask("/feeds/all/atom.xml", method)
    assert status == 405
    assert {name: headers[name] for name in SECURITY} == SECURITY


def test_every_answer_carries_the_safe_headers(site: Site) -> None:
    """Content types are not guessed, referrers stay inside, nothing runs or frames; also with 304."""
    for path in ("/", "/feeds/all/atom.xml", "/assets/style.css", "/status.json", "/archive/2024-12/papers.jsonl"):
        _, headers, _ = site.ask(path)
        assert {name: headers[name] for name in SECURITY} == SECURITY
        _, again, _ = site.ask(path, If_None_Match=headers["etag"])
        assert {name: again[name] for name in SECURITY} == SECURITY


def test_the_policy_allows_what_the_pages_allow(site: Site) -> None:
    """A page's own policy and the server's hold together: the server's may take nothing away from it."""
    served = directives(SECURITY["content-security-policy"])
    for path in ("/", "/feeds/all/", "/archive/2024-12/"):
        page = site.ask(path)[2].decode()
        found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
        assert found
        for directive, sources in directives(unescape(found[1])).items():
            wanted = sources - {"'none'"}
            assert wanted <= served.get(directive, served["default-src"]), directive


def test_how_long_a_copy_may_be_used(site: Site) -> None:
    """Readers ask for feeds once an hour at most; the preview always shows what is there now."""
    ages = {
        "/feeds/all/atom.xml": "max-age=3600",
        "/feeds/all/feed.json": "max-age=3600",
        "/feeds.opml": "max-age=3600",
        "/feeds-once.opml": "max-age=3600",
        "/feeds/all/archive/2024-11-1.xml": "max-age=86400",
        "/assets/style.css": "max-age=3600",
        "/": "max-age=600",
        "/archive/2024-12/papers.bib": "max-age=600",
        "/status.json": "no-cache",
    }
    for path, age in ages.items():
        status, headers, _ = site.ask(path)
        assert status == 200
        assert headers["cache-control"] == ("max-age=0, must-revalidate" if site.kind == "preview" else age), path
