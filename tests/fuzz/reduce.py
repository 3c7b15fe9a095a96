"""Reduce what fuzzing found to a corpus worth keeping: `python -m tests.fuzz.reduce parse FOLDER`.

Of the files in FOLDER it copies into the corpus those that, smallest first, take a step from line to line in the
program that neither the seeds nor the corpus took.  libFuzzer's own merge also counts how often each step is taken,
and keeps ten times as much.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import digestfeed
from tests.fuzz.targets import CORPUS, TARGETS

PROGRAM = str(Path(digestfeed.__file__).parent)
LONGEST = 2_000

Step = tuple[str, int, int]


def steps(name: str, data: bytes) -> set[Step]:
    """Run a target and give the steps that it took: file, line, next line."""
    for cached in (thing for thing in gc.get_objects() if isinstance(thing, functools._lru_cache_wrapper)):
        if getattr(cached, "__module__", "").startswith("digestfeed."):
            cached.cache_clear()
    taken: set[Step] = set()
    last: dict[FrameType, int] = {}

    def trace(frame: FrameType, event: str, _: Any) -> Any:  # noqa: ANN401 -- what sys.settrace asks for
        if not frame.f_code.co_filename.startswith(PROGRAM):
            return None
        if event == "line":
            taken.add((frame.f_code.co_filename, last.get(frame, 0), frame.f_lineno))
            last[frame] = frame.f_lineno
        return trace

    sys.settrace(trace)
    try:
        TARGETS[name].run(data)
    finally:
        sys.settrace(None)
    return taken


def reduce(name: str, folder: Path) -> int:
    """Copy what is new of a folder into the corpus; give how many files that are."""
    home = CORPUS / name
    home.mkdir(parents=True, exist_ok=True)
    kept = [seed[: TARGETS[name].longest] for seed in TARGETS[name].seeds()]
    kept += [path.read_bytes() for path in sorted(home.iterdir())]
    known = {step for data in kept for step in steps(name, data)}
    found = sorted({path.read_bytes() for path in folder.iterdir()}, key=lambda data: (len(data), data))
    count = 0
    for data in found:
        new = steps(name, data) - known if len(data) <= LONGEST else set()
        if new:
            known |= new
            (home / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
            count += 1
    return count


if __name__ == "__main__":
    sys.stdout.write(f"{reduce(sys.argv[1], Path(sys.argv[2]))} files more\n")
