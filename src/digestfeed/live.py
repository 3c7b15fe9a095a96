"""A preview that loads a page again when the site was built again.

Owns what is added to the preview of `serve` for that: a script in each page that is sent, and a stream of events
(HTML Standard, section 9.2) that it listens to.  Neither is ever in the output folder.
"""

from __future__ import annotations

import re
import threading
from contextlib import suppress

from digestfeed.serve import Handler

# No file of a site has such a name: the gate of `serve` lets none begin with a hyphen.
EVENTS = "/-live/events"
SCRIPT = "/-live/reload.js"

_SCRIPT = f"""\
// Not part of the site: the preview adds it.
"use strict";
const version = new URL(document.currentScript.src).search;
const stream = new EventSource("{EVENTS}" + version);
stream.addEventListener("built", () => location.reload());
addEventListener("pagehide", () => stream.close());
""".encode()

_POLICY = re.compile(rb'(<meta http-equiv="Content-Security-Policy" content=")([^"]*)')
_VERSION = re.compile("[0-9]{1,9}")
_HEAD_END = re.compile(rb"</head>", re.IGNORECASE)
_STILL_THERE = 10.0  # seconds: a comment, so that a browser that went away is noticed


class Reloader:
    """What the preview adds: tells the browsers of each build.  Its version grows by one with each."""

    def __init__(self) -> None:
        self._version = 0
        self._ended = False
        self._news = threading.Condition()

    def built(self) -> None:
        """Say that the site was built again."""
        with self._news:
            self._version += 1
            self._news.notify_all()

    def end(self) -> None:
        """Let the streams end."""
        with self._news:
            self._ended = True
            self._news.notify_all()

    def rewrite(self, page: bytes) -> bytes:
        """Add the script to a page, and let the page's policy load it and listen."""
        tag = b'<script src="%s?%d"></script>\n' % (SCRIPT.encode(), self._version)
        page = _POLICY.sub(_allowing, page, count=1)
        end = _HEAD_END.search(page)
        return page[: end.start()] + tag + page[end.start() :] if end else page + tag

    def answer(self, handler: Handler) -> bool:
        """Answer a request for what is not a file; tell whether this was one."""
        path, _, query = handler.path.partition("?")
        if path == SCRIPT:
            self._send_script(handler)
        elif path == EVENTS:
            with suppress(OSError):  # the browser went away
                self._send_events(handler, int(query) if _VERSION.fullmatch(query) else -1)
        else:
            return False
        return True

    @staticmethod
    def _send_script(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/javascript; charset=utf-8")
        handler.send_header("Cache-Control", "no-store")
        handler.send_header("Content-Length", str(len(_SCRIPT)))
        handler.end_headers()
        if handler.command == "GET":
            handler.wfile.write(_SCRIPT)

    def _send_events(self, handler: Handler, seen: int) -> None:
        """Send an event for each build after the one that a page is of, until its browser goes away."""
        handler.close_connection = True
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Cache-Control", "no-store")
        handler.send_header("Connection", "close")
        handler.end_headers()
        while handler.command == "GET" and (version := self._next(seen)) is not None:
            handler.wfile.write(b": still there\n\n" if version == seen else b"event: built\ndata: %d\n\n" % version)
            seen = version

    def _next(self, seen: int) -> int | None:
        """Wait a while for a version other than one that was seen; give the version, None at the end."""
        with self._news:
            self._news.wait_for(lambda: self._ended or self._version != seen, _STILL_THERE)
            return None if self._ended else self._version


def _allowing(policy: re.Match[bytes]) -> bytes:
    """Add to a page's policy what the script needs: itself, and to listen."""
    directives = [b" ".join(part.split()) for part in policy[2].split(b";") if part.strip()]
    for name in (b"script-src", b"connect-src"):
        given = next((part for part in directives if part.split()[0] == name), None)
        if given is None:
            directives.append(name + b" 'self'")
        elif b"'self'" not in given.split():
            directives[directives.index(given)] = given.replace(b" 'none'", b"") + b" 'self'"
    return policy[1] + b"; ".join(directives)
