"""The preview: shows the output folder over HTTP as a well-kept web server would, to this machine.

Owns the gate by which a request becomes a file, and the HTTP around it (RFC 9110): validators, 304, ranges, gzip.
Refuses writing, listing folders, hidden names, whatever lies outside the output, every method but GET and HEAD, and
requests by a name that is not this machine's own.

It stands on the standard library's server.  What a framework would take off us, conditional requests and ranges, is
the smaller part; the gate and the two encodings of a file would be ours all the same, and a preview should need
nothing installed.  For publishing there are real servers (docs/servers.md).
"""

from __future__ import annotations

import gzip
import ipaddress
import os
import re
import socket
import stat
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import BinaryIO, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from digestfeed import urls
from digestfeed.errors import OutputError
from digestfeed.media import HTML, PLAIN, TEXTUAL, media_type

HOST = "127.0.0.1"
PORT = 8000

Log = Callable[[str], object]
"""Is told a line for the terminal, printable ASCII."""

SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' https: http:; script-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
}
"""What every answer carries.  The policy is what the pages allow themselves, and that nobody frames them."""

# -- the gate -------------------------------------------------------------------------------------------------

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.~@+-]*")
"""A name that can be asked for: no dot at its start, no separator, no percent sign left from a second encoding."""


class _Wanted(NamedTuple):
    """What a request asks for: the names of a path, whether it ends as a folder's does, and the query."""

    names: list[str]
    is_folder: bool
    query: str


def _wanted(target: str) -> _Wanted | None:
    """Read a request target in origin or absolute form (RFC 9112, section 3.2); None if it can be no file of ours."""
    parts = _split(target)
    if parts is None:
        return None
    path, query = parts
    *names, last = path.split("/")[1:]
    if last:
        names.append(last)
    return _Wanted(names, not last, query) if all(map(_NAME.fullmatch, names)) else None


def _split(target: str) -> tuple[str, str] | None:
    """Give the path, percent-decoded once, and the query."""
    try:
        parts = urlsplit(target)
        path = unquote(parts.path, errors="strict") or "/"
    except ValueError:
        return None
    return (path, parts.query) if path.startswith("/") else None


def _authority(target: str) -> list[str]:
    """Give the host and port that a target in absolute form names, if it is in that."""
    try:
        found = urlsplit(target).netloc
    except ValueError:  # `_wanted` refuses it
        return []
    return [found] if found else []


def _real(root: Path, names: list[str]) -> Path | None:
    """Follow links to what a path names; None if it is not there, leads out of the root, or to a hidden name."""
    try:
        base = root.resolve(strict=True)
        real = base.joinpath(*names).resolve(strict=True)
        inside = real.relative_to(base).parts
    except (OSError, ValueError, RuntimeError):  # RuntimeError: links in a circle, before Python 3.13
        return None
    return real if all(map(_NAME.fullmatch, inside)) else None


class _Document(NamedTuple):
    """An open file: all that is told of it is told of these bytes, whatever a build renames meanwhile."""

    file: BinaryIO
    type: str
    size: int
    mtime_ns: int

    @property
    def last_modified(self) -> str:
        return formatdate(self.mtime_ns // 10**9, usegmt=True)

    def etag(self, coding: str) -> str:
        """Give a strong validator (RFC 9110, section 8.8.3): each encoding has its own."""
        return f'"{self.size:x}-{self.mtime_ns:x}{coding and "-"}{coding}"'


def _open(path: Path, kind: str) -> _Document | None:
    """Open a regular file; a pipe or device would not answer."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return None
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        return None
    return _Document(os.fdopen(handle, "rb"), kind, status.st_size, status.st_mtime_ns)


# -- the headers of a request ---------------------------------------------------------------------------------

_GZIP_FROM = 256
_GZIP_UP_TO = 32_000_000  # what is compressed is held in memory
_NO_HEADERS = re.compile(rb"HTTP/0\.9(?=[\s\x1c-\x1f\x85\xa0]*\Z)")
_OWN_NAME = re.compile(
    r"(?:(?:[a-z0-9-]+\.)*localhost\.?|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{0,5})?", re.IGNORECASE
)
"""The names by which only this machine calls itself (RFC 6761, section 6.3; RFC 1122, section 3.2.1.3)."""
_ONE_RANGE = re.compile(r"bytes\s*=\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})\s*", re.IGNORECASE)
_WEIGHT = re.compile(r"\s*q\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*", re.IGNORECASE)


def _as_http_1(line: bytes) -> bytes:
    """Give the line of a request by HTTP/0.9, or by no version, as one of HTTP/1.0; any other as it is.

    The base class answers the first without a head, and so without the safe headers; newer Pythons (3.14.8) do not even
    read the head of the second.
    """
    words = line.decode("latin-1").split()  # as the base class splits it
    if len(words) == 2 and words[0] == "GET":
        return line.rstrip() + b" HTTP/1.0\r\n"
    return _NO_HEADERS.sub(b"HTTP/1.0", line)


def _takes_gzip(accept_encoding: str) -> bool:
    """Tell whether a client takes gzip (RFC 9110, section 12.5.3): named, or by `*`, with a weight above 0."""
    weights = {}
    for part in accept_encoding.lower().split(","):
        coding, _, parameter = part.partition(";")
        weight = _WEIGHT.fullmatch(parameter)
        weights[coding.strip()] = float(weight[1]) if weight else float(not parameter)
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _is_known(document: _Document, etag: str, none_match: str, modified_since: str) -> bool:
    """Tell whether the client has it (RFC 9110, section 13.2.2): by If-None-Match, else by If-Modified-Since."""
    if none_match:
        return none_match.strip() == "*" or etag in re.findall(r'"[^"]*"', none_match)
    if not modified_since:
        return False
    try:
        return parsedate_to_datetime(modified_since).timestamp() >= document.mtime_ns // 10**9
    except (ValueError, OverflowError, OSError):
        return False


class _Span(NamedTuple):
    """The bytes that are sent: from where, and how many."""

    start: int
    length: int


def _span(wanted: str, size: int) -> _Span | None:
    """Read a Range field (RFC 9110, section 14.2); all of it where it is not one range of bytes, None where none fits.

    >>> _span("bytes=2-3", 9), _span("bytes=-4", 9), _span("bytes=9-", 9), _span("bytes=0-1,4-5", 9)
    (_Span(start=2, length=2), _Span(start=5, length=4), None, _Span(start=0, length=9))
    """
    found = _ONE_RANGE.fullmatch(wanted)
    first, last = found.groups() if found else ("", "")
    if not first and not last:
        return _Span(0, size)
    if not first:
        length = min(int(last), size)
        return _Span(size - length, length) if length else None
    start, end = int(first), min(int(last or size), size - 1)
    if last and int(last) < start:
        return _Span(0, size)
    return _Span(start, end - start + 1) if start < size else None


# -- the server -----------------------------------------------------------------------------------------------

_CHUNK = 1 << 16
_PREVIEW_CACHE = "max-age=0, must-revalidate"


MOST_CONNECTIONS = 64
"""Connections at a time; a browser opens six.  More are told to come back later."""

PATIENCE = 15
"""Seconds that a client has to send the whole head of a request; it is hung up on within twice as many."""


_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class _Watch:
    """Hangs up on clients that take too long to ask: one that sends a byte now and then would stay for ever.

    Looks every `PATIENCE` seconds, and hangs up on those that were already waited for at the look before.
    """

    def __init__(self) -> None:
        self._waiting: dict[socket.socket, bool] = {}  # to whether it was there at the last look
        self._lock = threading.Lock()
        self._ended = threading.Event()

    @property
    def waiting(self) -> int:
        """How many are waited for."""
        return len(self._waiting)

    def begin(self, connection: socket.socket) -> None:
        """Wait for a request on a connection."""
        with self._lock:
            self._waiting[connection] = False

    def end(self, connection: socket.socket) -> None:
        """Wait no longer: its head is there, or nothing will come."""
        with self._lock:
            self._waiting.pop(connection, None)

    def look(self) -> None:
        """Hang up on those who were there at the last look."""
        with self._lock:
            for connection, was_there in self._waiting.items():
                if was_there:
                    with suppress(OSError):  # it has gone meanwhile
                        connection.shutdown(socket.SHUT_RDWR)
            self._waiting = dict.fromkeys(self._waiting, True)

    def run(self) -> None:
        """Look again and again, until `stop`."""
        while not self._ended.wait(PATIENCE):
            self.look()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()


class Extras(Protocol):
    """What a preview shows beyond the files of the output folder."""

    def answer(self, handler: Handler) -> bool:
        """Answer a request that is for no file; tell whether this was one."""

    def rewrite(self, page: bytes) -> bytes:
        """Give a page as it is to be sent."""


class Preview(ThreadingHTTPServer):
    """A server of one output folder, bound to its port and not yet answering.

    Args:
        root: the output folder; may be a link that is changed while the server runs.
        host: the address to listen at.
        port: 0 takes any that is free.
        log: is told each request; None: silence.
        extras: answers what is no file, and adds to pages; None: they are shown as they are.
    """

    daemon_threads = True
    request_queue_size = MOST_CONNECTIONS

    def __init__(self, root: Path, host: str, port: int, log: Log | None = None, extras: Extras | None = None) -> None:
        self.root = root.absolute()
        self.extras = extras
        self.log = log or (lambda _line: None)
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.watch = _Watch()
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__((host, port), Handler)
        self.is_local = ipaddress.ip_address(self.server_name).is_loopback

    def server_bind(self) -> None:
        """Bind without the reverse look-up of the standard library, which waits for a name server."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    @property
    def url(self) -> str:
        """Where the site is to be seen."""
        host = f"[{self.server_name}]" if ":" in self.server_name else self.server_name
        return f"http://{host}:{self.server_port}/"

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Answer until `shutdown`."""
        threading.Thread(target=self.watch.run, daemon=True).start()
        try:
            super().serve_forever(poll_interval)
        finally:
            self.watch.stop()

    def verify_request(self, request: socket.socket, client_address: object) -> bool:  # type: ignore[override]  # noqa: ARG002 -- the base's signature
        """Take a connection where there is a place; `process_request_thread` gives it back."""
        if self._places.acquire(blocking=False):
            return True
        with suppress(OSError):
            request.settimeout(1)
            request.sendall(_FULL)
        return False

    def process_request_thread(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        """Answer the requests of a connection, in a thread of its own."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 -- the base's signature
        """Say what went wrong with a request; a client that went away is nobody's fault."""
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError):
            self.log(f"failed: {error!a}")


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    server: Preview
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # of what names none: the base's 0.9 answers without headers
    timeout = 2 * PATIENCE  # a connection on which nothing comes, or goes, is closed
    raw_requestline: bytes
    disable_nagle_algorithm = True  # a head and its body are two packets; the second would wait for 40 ms

    def handle_one_request(self) -> None:
        """Wait for a request, but not for ever, and answer it."""
        self.server.watch.begin(self.connection)
        try:
            super().handle_one_request()
        finally:
            self.server.watch.end(self.connection)

    def parse_request(self) -> bool:
        """Read the head of a request, and refuse one that is not meant for this machine's own names."""
        self.raw_requestline = _as_http_1(self.raw_requestline)
        if not super().parse_request():
            return False
        self.server.watch.end(self.connection)
        fault = self._fault()
        if fault is not None:
            self._plain(fault, {"Connection": "close"})
        return fault is None

    def _fault(self) -> HTTPStatus | None:
        """Check whom a request is for (RFC 9112, section 3.2).

        A page from elsewhere whose name was made to lead to this machine (DNS rebinding) asks by that name.
        """
        hosts = [host.strip() for host in self.headers.get_all("Host", [])]
        if len(hosts) > 1 or (not hosts and self.request_version != "HTTP/1.0"):
            return HTTPStatus.BAD_REQUEST
        if not self.server.is_local or all(map(_OWN_NAME.fullmatch, [*hosts, *_authority(self.path)])):
            return None
        return HTTPStatus.MISDIRECTED_REQUEST

    def _answer(self) -> None:
        # The body of a GET means nothing (RFC 9110, section 9.3.1), and unread it would be taken for a request.
        if self._field("Content-Length") or self._field("Transfer-Encoding"):
            self.close_connection = True
        if self.server.extras is not None and self.server.extras.answer(self):
            return
        wanted = _wanted(self.path)
        real = _real(self.server.root, wanted.names) if wanted else None
        if wanted is None or real is None:
            self._not_found()
        elif not real.is_dir():
            self._file(real, wanted)
        elif wanted.is_folder:
            wanted.names.append(urls.FRONT)
            self._file(_real(self.server.root, wanted.names), wanted._replace(is_folder=False))
        else:
            self._redirect("/" + "/".join(wanted.names) + "/", wanted.query)

    def _refuse(self) -> None:
        self._plain(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD", "Connection": "close"})

    do_GET = do_HEAD = _answer  # noqa: N815 -- the base looks for these names
    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_CONNECT = _refuse  # noqa: N815

    # -- answers ----------------------------------------------------------------------------------------------

    def _file(self, real: Path | None, wanted: _Wanted) -> None:
        """Answer with a file; the type is that of the path which was asked for."""
        document = None
        if real is not None and not wanted.is_folder:
            document = _open(real, media_type("/".join(wanted.names)))
        if document is None:
            self._not_found()
            return
        with document.file:
            self._document(document)

    def _document(self, document: _Document) -> None:
        if self.server.extras is not None and document.type == HTML:
            page = self.server.extras.rewrite(document.file.read())
            self._whole(HTTPStatus.OK, {"Content-Type": document.type, "Cache-Control": "no-store"}, page)
            return
        coding = self._coding(document)
        headers = {
            "ETag": document.etag(coding),
            "Cache-Control": _PREVIEW_CACHE,
            "Vary": "Accept-Encoding",
        }
        none_match, since = self._field("If-None-Match"), self._field("If-Modified-Since")
        if _is_known(document, headers["ETag"], none_match, since):
            self._head(HTTPStatus.NOT_MODIFIED, headers)
            return
        headers |= {
            "Content-Type": document.type,
            "Last-Modified": document.last_modified,
            "Accept-Ranges": "bytes",
        }
        if coding:
            body = gzip.compress(document.file.read(), mtime=0)
            self._whole(HTTPStatus.OK, headers | {"Content-Encoding": coding}, body)
        else:
            self._part(document, headers)

    def _part(self, document: _Document, headers: Mapping[str, str]) -> None:
        """Send what is asked of a document: all of it, or a range."""
        span = _span(self._range(document), document.size)
        if span is None:
            self._plain(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"Content-Range": f"bytes */{document.size}"})
            return
        status, more = HTTPStatus.OK, {"Content-Length": str(span.length)}
        if span.length < document.size:
            status = HTTPStatus.PARTIAL_CONTENT
            more["Content-Range"] = f"bytes {span.start}-{span.start + span.length - 1}/{document.size}"
        self._head(status, {**headers, **more})
        if self.command != "HEAD":
            self._copy(document.file, span)

    def _not_found(self) -> None:
        """Answer 404 with the site's own page, if there is one."""
        real = _real(self.server.root, [urls.NOT_FOUND])
        page = _open(real, media_type(urls.NOT_FOUND)) if real else None
        if page is None:
            self._plain(HTTPStatus.NOT_FOUND)
            return
        with page.file:
            headers = {"Content-Type": page.type, "Cache-Control": _PREVIEW_CACHE}
            self._whole(HTTPStatus.NOT_FOUND, headers, page.file.read())

    def _redirect(self, path: str, query: str) -> None:
        location = f"{path}?{query}" if query.isascii() and query.isprintable() and query else path
        self._plain(HTTPStatus.MOVED_PERMANENTLY, {"Location": location, "Cache-Control": _PREVIEW_CACHE})

    def _plain(self, status: HTTPStatus, headers: Mapping[str, str] | None = None) -> None:
        body = f"{status.value} {status.phrase}\n".encode()
        self._whole(status, {"Content-Type": PLAIN, **(headers or {})}, body)

    def _whole(self, status: HTTPStatus, headers: Mapping[str, str], body: bytes) -> None:
        self._head(status, {**headers, "Content-Length": str(len(body))})
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, status: HTTPStatus, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _copy(self, file: BinaryIO, span: _Span) -> None:
        file.seek(span.start)
        left = span.length
        while left and (chunk := file.read(min(left, _CHUNK))):
            self.wfile.write(chunk)
            left -= len(chunk)
        if left:  # somebody cut the file short; what comes next on this connection must not be taken for its rest
            self.close_connection = True

    # -- what the request says --------------------------------------------------------------------------------

    def _field(self, name: str) -> str:
        """Give a header field, its lines joined (RFC 9110, section 5.3); empty if it is not there."""
        return ", ".join(self.headers.get_all(name, ()))

    def _coding(self, document: _Document) -> str:
        """Choose the content coding; what is asked for in parts is sent as it is."""
        fits = document.type in TEXTUAL and _GZIP_FROM <= document.size <= _GZIP_UP_TO
        whole = self.command == "HEAD" or not self._field("Range")
        return "gzip" if fits and whole and _takes_gzip(self._field("Accept-Encoding")) else ""

    def _range(self, document: _Document) -> str:
        """Give the Range field where it counts: for GET, and if If-Range (RFC 9110, section 13.1.5) names this state.

        A date names none: a file may be replaced twice in a second.
        """
        same = self._field("If-Range").strip() in {"", document.etag("")}
        return self._field("Range") if same and self.command == "GET" else ""

    # -- what the base class is told --------------------------------------------------------------------------

    def version_string(self) -> str:
        """Name the program, without its version or Python's."""
        return "digestfeed"

    def send_response(self, code: int, message: str | None = None) -> None:
        """Begin an answer, of this class or the base class, with what every one carries."""
        super().send_response(code, message)
        for name, value in SAFE_HEADERS.items():
            self.send_header(name, value)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base's name
        """Pass a line on: the request is a stranger's text."""
        self.server.log(ascii(format % args)[1:-1])


def server(
    root: Path, host: str = HOST, port: int = PORT, log: Log | None = None, extras: Extras | None = None
) -> Preview:
    """Make a server, bound to its port; `serve_forever` answers.

    Args:
        root: the output folder.
        host: the address to listen at.
        port: 0 takes any that is free.
        log: is told each request; None: silence.
        extras: answers what is no file, and adds to pages.

    Raises:
        OutputError: there is no such folder, or the port cannot be had.
    """
    if not root.is_dir():
        raise OutputError(str(root), "no such folder; build the site first: digestfeed build")
    try:
        return Preview(root, host, port, log, extras)
    except OSError as error:
        raise OutputError(
            f"{host}:{port}", f"cannot listen there: {error.strerror or error}; --port 0 takes one that is free"
        ) from error


def serve(root: Path, port: int = PORT, log: Log | None = None) -> None:
    """Show the output folder to this machine until interrupted; arguments and errors are those of `server`."""
    with server(root, HOST, port, log) as preview, suppress(KeyboardInterrupt):
        preview.log(f"{ascii(str(root))[1:-1]} is shown at {preview.url} until you press Ctrl-C")
        preview.serve_forever()
