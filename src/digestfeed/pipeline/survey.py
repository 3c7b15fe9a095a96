"""Finding out what a new project has: which folder holds its digests, and in which language they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from digestfeed import sources
from digestfeed.config import Config
from digestfeed.errors import SourceError
from digestfeed.parse import parse
from digestfeed.render.body import language_of

USUAL = "digests"
"""The folder that a build reads when it is told of none."""

_SAMPLE = 20  # files that tell a folder's language, the last by path


class Survey(msgspec.Struct, frozen=True):
    """A folder of digests: its path as given, how many files it has, and their language (ko or en)."""

    digests: str
    files: int
    language: str


def survey(folder: Path, candidates: Iterable[str]) -> Survey:
    """Find the folder with most digests among some, by their names in a project's folder; the first is the usual one.

    Where none holds a digest, the usual one is given, with no files and the default language.
    """
    found = [_survey(folder, name) for name in candidates]
    if found and found[0].files:
        return found[0]
    return max(found, key=lambda one: (one.files, one.digests), default=None) or Survey(USUAL, 0, Config().language)


def _survey(folder: Path, name: str) -> Survey:
    try:
        files, _ = sources.scan(folder / name)
    except SourceError:
        files = []
    texts = [text for file in files[-_SAMPLE:] for text in _texts(folder / name, file.path)]
    if not texts:
        return Survey(name, 0, Config().language)
    languages = Counter(filter(None, map(language_of, texts)))
    return Survey(name, len(files), "en" if languages["en"] > languages["ko"] else "ko")


def _texts(folder: Path, path: str) -> list[str]:
    """The summaries of a file; none where it is no digest."""
    read = sources.read(folder, path, Config().digests.max_bytes)
    if isinstance(read, sources.SourceFault):
        return []
    items = (item for digest in parse(path, read.text).digests for item in digest.items)
    return [text for item in items if (text := item.summary or item.easy_summary)]
