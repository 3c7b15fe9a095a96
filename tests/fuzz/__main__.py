"""Run a fuzz target with atheris: `python -m tests.fuzz parse [FOLDER] [-runs=1000000] [-max_total_time=20] …`.

Begins with the target's seeds and its corpus; FOLDER, if there is one, keeps what is found.  The other options are
libFuzzer's.  Beside FOLDER, `TARGET.txt` says how far it is, `TARGET.slowest` is the slowest input and `TARGET.densest`
the slowest for its length.  `tests.fuzz.every` runs them all.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["digestfeed"]):
    from tests.fuzz.mutate import changed
    from tests.fuzz.targets import CORPUS, TARGETS, Target

_PROBE = 1024  # executions between two looks at how far it is
_WARM = 200  # executions that may load what later ones have


class Watch:
    """Counts executions and keeps the slowest, by CPU seconds and by these a byte."""

    def __init__(self, run: Callable[[bytes], None], log: Path) -> None:
        self._run, self._log = run, log
        self.count = 0
        self.seconds = self.slowest = self.densest = 0.0

    def __call__(self, bytes_: bytes) -> None:
        """Run the target once."""
        start = time.process_time()
        self._run(bytes_)
        taken = time.process_time() - start
        self.count += 1
        self.seconds += taken
        if self.count > _WARM:
            self._compare(bytes_, taken)
        if self.count % _PROBE == 0:
            self.tell()

    def _compare(self, bytes_: bytes, taken: float) -> None:
        density = taken / max(len(bytes_), 256)
        if taken > self.slowest:
            self.slowest = taken
            self._log.with_suffix(".slowest").write_bytes(bytes_)
        if density > self.densest:
            self.densest = density
            self._log.with_suffix(".densest").write_bytes(bytes_)

    def tell(self) -> None:
        """Write down how far it is."""
        self._log.write_text(
            f"{self.count} executions, {self.seconds:.1f} s in them, the slowest {self.slowest * 1000:.2f} ms, "
            f"{self.densest * 1e6:.2f} us a byte\n",
            "utf-8",
        )


def _mutated(data: bytes, longest: int, seed: int) -> bytes:
    return bytes(atheris.Mutate(data, longest)) if seed % 3 == 0 else changed(data, longest, seed)


def _start(name: str, options: list[str]) -> None:
    target: Target = TARGETS[name]
    flags = [option for option in options if option.startswith("-")]
    folders = [option for option in options if not option.startswith("-")]
    with tempfile.TemporaryDirectory() as scratch:
        watch = Watch(target.run, Path(folders[0] if folders else scratch).with_name(f"{name}.txt"))
        seeds = Path(scratch, "seeds")
        seeds.mkdir()
        for number, seed in enumerate(target.seeds()):
            (seeds / str(number)).write_bytes(seed[: target.longest])
        folders += [str(CORPUS / name), str(seeds)]
        arguments = [sys.argv[0], f"-max_len={target.longest}", "-timeout=60", *flags, *folders]
        by_lines = {"custom_mutator": _mutated} if target.has_lines else {}
        atheris.Setup(arguments, watch, **by_lines)
        atheris.Fuzz()


if __name__ == "__main__":
    _start(sys.argv[1], sys.argv[2:])
