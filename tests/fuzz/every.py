"""Run every fuzz target, two at a time: `python -m tests.fuzz.every [-max_total_time=20] …`, options as for one.

What is found, how far each came, and the input of one that failed are kept in build/fuzz.  Exit 1 if one failed.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.fuzz.targets import ROOT, TARGETS

BUILD = ROOT / "build" / "fuzz"


def succeeds(name: str, options: list[str]) -> bool:
    """Run a target to its end."""
    found = BUILD / name
    found.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz", name, str(found), f"-artifact_prefix={found}-", *options]
    with (BUILD / f"{name}.log").open("wb") as log:
        return subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=False).returncode == 0  # noqa: S603


def told(name: str) -> str:
    """Say how far a target came, as it wrote down itself."""
    said = BUILD / f"{name}.txt"
    return said.read_text("utf-8").strip() if said.exists() else "fewer than a thousand executions"


def main(options: list[str]) -> int:
    """Run all and tell of each."""
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda name: succeeds(name, options), TARGETS))
    for name, good in zip(TARGETS, ended, strict=True):
        failed = (
            "" if good else f"; FAILED: build/fuzz/{name}.log says why, and build/fuzz/{name}-* is what it was given"
        )
        sys.stdout.write(f"{name}: {told(name)}{failed}\n")
    return int(not all(ended))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
