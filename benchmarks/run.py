"""Measure digestfeed against its peers and print a table in Markdown.

Each case is measured in turns (digestfeed, peer, digestfeed, peer, …), so that a change in what else the
machine does meets all programs alike; the table has medians, and the median of the ratios within turns.

This process stays small and leaves generating and converting to others: Linux counts the memory of a parent
at the time of ``exec`` to a child's peak.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import re
import shlex
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

HERE = Path(__file__).resolve().parent
README = HERE / "README.md"
SEED = 1
TICK_NS = 20_000_000
"""How far the clock of file times may lag behind."""

CONFIG = """\
base_url = "https://digests.example.org/"
id_authority = "example.org,2024"

[site]
pages = {pages}
"""
REMAP = """
[fields.software-engineering]
aliases = ["코드 생성"]
"""
"""What the config gains when a label is mapped to another field."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a program took."""

    wall: float
    """Seconds from start to end."""
    user: float
    """Seconds of CPU time in the program and its child processes."""
    system: float
    """Seconds of CPU time that the kernel spent for them."""
    peak_mb: float
    """Resident memory of the largest process at its peak."""
    files: int
    """Files of the output that were written."""
    written_mb: float
    """The size of these files."""
    stages: dict[str, float] = field(default_factory=dict)
    """Seconds by stage, where the program tells."""

    @property
    def cpu(self) -> float:
        """Seconds of CPU time in all."""
        return self.user + self.system


@dataclass(slots=True)
class Result:
    """The runs of one program in one case."""

    papers: int
    case: str
    program: str
    runs: list[Run]

    def median(self, name: str) -> float:
        """Return the median of one of the measurements."""
        return statistics.median(getattr(run, name) for run in self.runs)


class Program:
    """A program under measurement, with its own copy of the input.

    Args:
        tree: The tree of digests.
        folder: Where the program's input and output stand.
    """

    name = ""
    pages = True

    def __init__(self, tree: Path, folder: Path) -> None:
        self.folder = folder
        self.digests = folder / "digests"
        self.out = folder / "out"
        self.built = False
        folder.mkdir(parents=True)
        self.prepare(tree)

    def prepare(self, tree: Path) -> None:
        """Make the program's input from a tree of digests."""
        shutil.copytree(tree, self.digests, copy_function=os.link)

    def reset(self) -> None:
        """Remove all that the program has made."""
        shutil.rmtree(self.out, ignore_errors=True)
        self.built = False

    def arrive(self, digest: Path) -> None:
        """Let one more digest arrive."""
        target = self.digests / digest.parent.name / digest.name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(digest, target)

    def remap(self, *, on: bool) -> None:
        """Map one label to another field, or back."""
        raise NotImplementedError

    def command(self) -> list[str]:
        """Return the command line of a build."""
        raise NotImplementedError

    def stages(self) -> dict[str, float]:
        """Return the seconds that each stage of the last build took, if known."""
        return {}

    def build(self) -> Run:
        """Build the site and measure it."""
        run = measure(self.command(), self.out, self.folder)
        self.built = True
        return Run(**asdict(run) | {"stages": self.stages()})


class Digestfeed(Program):
    """digestfeed, with everything it makes."""

    name = "digestfeed"

    def prepare(self, tree: Path) -> None:
        """Make the program's input from a tree of digests."""
        super().prepare(tree)
        self.catalog = self.folder / "catalog.sqlite3"
        self.report = self.folder / "report.json"
        self.config = self.folder / "digestfeed.toml"
        self.remap(on=False)

    def reset(self) -> None:
        """Remove output and catalog."""
        super().reset()
        for path in self.folder.glob(f"{self.catalog.name}*"):
            path.unlink()

    def remap(self, *, on: bool) -> None:
        """Write the config, with or without a label mapped to another field."""
        text = CONFIG.format(pages=str(self.pages).lower()) + (REMAP if on else "")
        self.config.write_text(text, encoding="utf-8")

    def command(self) -> list[str]:
        """Return the command line of a build."""
        script = shutil.which("digestfeed", path=str(Path(sys.executable).parent)) or shutil.which("digestfeed")
        start = [script] if script else [sys.executable, "-m", "digestfeed"]
        return [
            *start,
            *("build", str(self.digests), "-o", str(self.out), "-c", str(self.config)),
            *("--catalog", str(self.catalog), "--report", str(self.report), "-q"),
        ]

    def stages(self) -> dict[str, float]:
        """Return the seconds by stage from the build's report."""
        if not self.report.exists():
            return {}
        return json.loads(self.report.read_bytes()).get("stages", {})


class DigestfeedFeeds(Digestfeed):
    """digestfeed without its pages: feeds, archives and data."""

    pages = False


class Feedgen(Program):
    """The script of regular expressions and feedgen, with its archive."""

    name = "feedgen"

    def command(self) -> list[str]:
        """Return the command line of a build."""
        script = str(HERE / "peer_feedgen.py")
        return [sys.executable, script, str(self.digests), str(self.out), "--archive"]


class Hugo(Program):
    """Hugo, with the same pages and feeds, but no archive documents."""

    name = "hugo"

    def prepare(self, tree: Path) -> None:
        """Convert a tree of digests to a source tree."""
        self.source = self.folder / "source"
        self.out = self.source / "public"
        self.convert(tree)

    def convert(self, digests: Path) -> None:
        """Convert a tree or a digest, and learn how Hugo is started."""
        answer = helper("peer_hugo.py", str(digests), str(self.source))
        self.start = shlex.split(answer.splitlines()[-1])

    def arrive(self, digest: Path) -> None:
        """Let the papers of one more digest arrive."""
        self.convert(digest)

    def command(self) -> list[str]:
        """Return the command line of a build."""
        return self.start


@dataclass(frozen=True, slots=True)
class Case:
    """Something to measure."""

    title: str
    program: type[Digestfeed]
    peers: tuple[type[Program], ...]
    before: Callable[[Program, int, Sequence[Path]], None]
    """What happens before each run, given its number and the digests that may arrive."""


def from_nothing(program: Program, _number: int, _extra: Sequence[Path]) -> None:
    """Leave nothing of earlier builds."""
    program.reset()


def with_one_more(program: Program, number: int, extra: Sequence[Path]) -> None:
    """Let a digest arrive after a build."""
    if not program.built:
        program.build()
    program.arrive(extra[number])


def with_nothing_new(program: Program, _number: int, _extra: Sequence[Path]) -> None:
    """Change nothing after a build."""
    if not program.built:
        program.build()


def with_label_remapped(program: Program, number: int, _extra: Sequence[Path]) -> None:
    """Map a label to another field after a build, and back the next time."""
    if not program.built:
        program.build()
    program.remap(on=number % 2 == 0)


CASES = {
    "cold": Case("cold, everything", Digestfeed, (Hugo,), from_nothing),
    "pages-off": Case("cold, no pages", DigestfeedFeeds, (Feedgen,), from_nothing),
    "added": Case("one digest added", Digestfeed, (Hugo, Feedgen), with_one_more),
    "unchanged": Case("nothing changed", Digestfeed, (Hugo, Feedgen), with_nothing_new),
    "remapped": Case("one label re-mapped", Digestfeed, (), with_label_remapped),
}


def helper(script: str, *arguments: str) -> str:
    """Run a script of this folder and return what it prints."""
    done = subprocess.run([sys.executable, str(HERE / script), *arguments], check=True, stdout=subprocess.PIPE)
    return done.stdout.decode()


def files_below(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield the files of a folder and its subfolders."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from files_below(Path(entry.path))
            else:
                yield entry


def written_since(folder: Path, moment: int) -> tuple[int, float]:
    """Return how many files of a folder were written since a moment, and their size in MB."""
    count = size = 0
    for entry in files_below(folder):
        status = entry.stat(follow_symlinks=False)
        if status.st_ctime_ns >= moment:
            count += 1
            size += status.st_size
    return count, size / 1e6


def measure(command: Sequence[str], out: Path, folder: Path) -> Run:
    """Run a command and measure it.

    Args:
        command: The program and its arguments.
        out: The folder that it writes to.
        folder: Where the command runs, and where what it says is kept.

    Raises:
        RuntimeError: If the command fails.
    """
    os.sync()
    time.sleep(2 * TICK_NS / 1e9)
    moment = time.time_ns() - TICK_NS
    log = folder / "log.txt"
    with log.open("wb") as sink:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=_environment()
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said = log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{shlex.join(command)} exited with {process.returncode}:\n{said}")
    unit = 1e6 if sys.platform == "darwin" else 1e3
    files, written_mb = written_since(out, moment)
    return Run(wall, usage.ru_utime, usage.ru_stime, usage.ru_maxrss / unit, files, written_mb)


def _environment() -> dict[str, str]:
    """Return an environment in which Python keeps what it compiled, as it does for whatever is installed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def short(papers: int) -> str:
    """Return a number of papers in short: 1k, 1m."""
    for size, letter in ((1_000_000, "m"), (1000, "k")):
        if papers >= size and papers % size == 0:
            return f"{papers // size}{letter}"
    return str(papers)


def number_of(text: str) -> int:
    """Return the number of papers that a short form means."""
    match = re.fullmatch(r"(\d+)([km]?)", text.strip().lower())
    if match is None:
        raise argparse.ArgumentTypeError(f"not a number of papers: {text}")
    return int(match[1]) * {"": 1, "k": 1000, "m": 1_000_000}[match[2]]


def tree_of(papers: int, work: Path) -> Path:
    """Return the tree of so many papers, generated if it is not there."""
    tree = work / f"digests-{short(papers)}"
    if not tree.exists():
        unfinished = tree.with_suffix(".part")
        shutil.rmtree(unfinished, ignore_errors=True)
        helper("gen_digests.py", "--papers", str(papers), "--seed", str(SEED), "--out", str(unfinished))
        unfinished.rename(tree)
    return tree


def extra_of(papers: int, count: int, folder: Path) -> list[Path]:
    """Return so many further digests for a tree, in the order of their days."""
    out = folder / "extra"
    arguments = ("--papers", str(papers), "--seed", str(SEED), "--extra", str(count), "--out", str(out))
    return [Path(line) for line in helper("gen_digests.py", *arguments).splitlines()]


@dataclass(slots=True)
class Bench:
    """All measurements with trees of one size."""

    papers: int
    tree: Path
    folder: Path
    runs: int
    peers: frozenset[str]
    ours: bool
    programs: dict[type[Program], Program] = field(default_factory=dict)

    def program(self, kind: type[Program]) -> Program:
        """Return the program of a kind, prepared when it is first wanted."""
        if kind not in self.programs:
            self.programs[kind] = kind(self.tree, self.folder / kind.__name__.lower())
        return self.programs[kind]

    def contestants(self, case: Case) -> list[Program]:
        """Return the programs that take part in a case."""
        kinds = [case.program] if self.ours else []
        return [self.program(kind) for kind in (*kinds, *(peer for peer in case.peers if peer.name in self.peers))]

    def measure(self, name: str, extra: Sequence[Path]) -> list[Result]:
        """Measure one case, the programs in turns."""
        case = CASES[name]
        programs = self.contestants(case)
        results = [Result(self.papers, name, program.name, []) for program in programs]
        for number in range(self.runs):
            for program, result in zip(programs, results, strict=True):
                case.before(program, number, extra)
                run = program.build()
                result.runs.append(run)
                took = f"{run.wall:.2f} s, CPU {run.cpu:.2f} s, {run.peak_mb:.0f} MB"
                say(f"{short(self.papers)} {name} {program.name}: {took}")
        return results


def say(text: str) -> None:
    """Tell whoever watches."""
    print(text, file=sys.stderr, flush=True)


def version_of(package: str) -> str:
    """Return the version of an installed package."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def processor() -> str:
    """Return the name of the processor."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    match = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return match[1].strip() if match else platform.machine()


def machine() -> dict[str, str]:
    """Return facts about the machine and what runs on it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = {name: version_of(name) for name in ("digestfeed", "hugo", "feedgen", "lxml")}
    return {
        "processor": f"{processor()}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        **packages,
    }


def ratio(peer: Result, ours: Result | None) -> str:
    """Return how many times as long a peer took as digestfeed did, turn by turn."""
    if ours is None or ours is peer:
        return ""
    if len(peer.runs) != len(ours.runs):
        return f"{peer.median('wall') / ours.median('wall'):.1f}"
    turns = zip(peer.runs, ours.runs, strict=True)
    return f"{statistics.median(theirs.wall / own.wall for theirs, own in turns):.1f}"


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]], left: int) -> str:
    """Return a Markdown table whose first columns are aligned to the left and the others to the right."""
    rule = ["---" if number < left else "--:" for number in range(len(header))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *rows))


def in_order(results: Iterable[Result]) -> list[Result]:
    """Return results by number of papers, case and program, digestfeed first."""
    cases = list(CASES)
    return sorted(results, key=lambda r: (r.papers, cases.index(r.case), r.program != "digestfeed", r.program))


def results_table(results: Sequence[Result]) -> str:
    """Return the table of what each program took."""
    ours = {(r.papers, r.case): r for r in results if r.program == "digestfeed"}
    header = (
        "papers",
        "case",
        "program",
        "runs",
        "wall, s",
        "CPU, s",
        "user, s",
        "system, s",
        "peak, MB",
        "files",
        "MB",
        "× digestfeed",
    )
    rows = [
        (
            f"{result.papers:,}",
            CASES[result.case].title,
            result.program,
            str(len(result.runs)),
            f"{result.median('wall'):.2f}",
            f"{result.median('cpu'):.2f}",
            f"{result.median('user'):.2f}",
            f"{result.median('system'):.2f}",
            f"{result.median('peak_mb'):.0f}",
            f"{result.median('files'):,.0f}",
            f"{result.median('written_mb'):,.1f}",
            ratio(result, ours.get((result.papers, result.case))),
        )
        for result in results
    ]
    return markdown(header, rows, left=3)


def stages_table(results: Sequence[Result]) -> str:
    """Return the table of the share that each of digestfeed's stages has in its time."""
    told = [result for result in results if any(run.stages for run in result.runs)]
    names = list(dict.fromkeys(name for result in told for run in result.runs for name in run.stages))
    rows = []
    for result in told:
        seconds = [statistics.median(run.stages.get(name, 0.0) for run in result.runs) for name in names]
        total = sum(seconds) or 1.0
        shares = (f"{100 * part / total:.0f} %" for part in seconds)
        rows.append((f"{result.papers:,}", CASES[result.case].title, *shares))
    return markdown(("papers", "case", *names), rows, left=2) if rows else "(not measured yet)"


def machine_list(facts: dict[str, str]) -> str:
    """Return the facts about the machine as a Markdown list."""
    return "\n".join(f"- {name}: {value}" for name, value in facts.items())


def put_between(text: str, name: str, content: str) -> str:
    """Replace what stands between two markers of a document.

    Raises:
        ValueError: If the markers are not there.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    if begin not in text or end not in text:
        raise ValueError(f"no markers for {name}")
    head, rest = text.split(begin, 1)
    return f"{head}{begin}\n{content}\n{end}{rest.split(end, 1)[1]}"


def write_readme(results: Sequence[Result], facts: dict[str, str]) -> None:
    """Put the tables into the README of this folder."""
    text = README.read_text(encoding="utf-8")
    for name, content in (
        ("machine", machine_list(facts)),
        ("results", results_table(results)),
        ("stages", stages_table(results)),
    ):
        text = put_between(text, name, content)
    README.write_text(text, encoding="utf-8")


def load(path: Path | None) -> tuple[dict[str, str], list[Result]]:
    """Return the facts and results saved in a file; none if there is no file."""
    if path is None or not path.exists():
        return {}, []
    saved: dict[str, Any] = json.loads(path.read_bytes())
    results = [
        Result(item["papers"], item["case"], item["program"], [Run(**run) for run in item["runs"]])
        for item in saved["results"]
    ]
    return saved["machine"], results


def save(path: Path | None, facts: dict[str, str], results: Iterable[Result]) -> None:
    """Save facts and results to a file, if one is wanted."""
    if path is None:
        return
    text = json.dumps({"machine": facts, "results": [asdict(result) for result in results]}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def merged(old: Iterable[Result], new: Iterable[Result]) -> list[Result]:
    """Return results in order; a new one takes the place of the old one of the same kind."""
    return in_order({(r.papers, r.case, r.program): r for r in (*old, *new)}.values())


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure digestfeed against its peers.")
    add = parser.add_argument
    add("--cases", default=",".join(CASES), help=f"some of {','.join(CASES)} (default: all)")
    add("--papers", default="1k,10k", help="sizes of the trees (default: 1k,10k)")
    add("--runs", type=int, default=3, help="runs of each program in each case (default: 3)")
    add("--peers", default="hugo,feedgen", help="peers to measure beside; empty for none")
    add("--peers-only", action="store_true", help="measure the peers without digestfeed")
    default = Path(tempfile.gettempdir(), "digestfeed-bench")
    add(
        "--work",
        type=Path,
        default=default,
        help="where trees and output are kept; in /dev/shm, say, to leave the disk out (default: %(default)s)",
    )
    add("--json", type=Path, help="a file to add the results to")
    add("--table-only", action="store_true", help="measure nothing, only print what --json holds")
    add("--write-readme", action="store_true", help="put the tables into this folder's README.md")
    options = parser.parse_args(argv)
    options.cases = [name for name in options.cases.split(",") if name]
    if unknown := set(options.cases) - set(CASES):
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    options.peers = frozenset(name for name in options.peers.split(",") if name)
    if unknown := options.peers - {Hugo.name, Feedgen.name}:
        parser.error(f"no such peer: {', '.join(sorted(unknown))}")
    options.sizes = [] if options.table_only else [number_of(text) for text in options.papers.split(",")]
    return options


def measure_size(papers: int, options: argparse.Namespace) -> Iterator[Result]:
    """Measure all cases with a tree of one size."""
    tree = tree_of(papers, options.work)
    with tempfile.TemporaryDirectory(prefix=f"run-{short(papers)}-", dir=options.work) as folder:
        extra = extra_of(papers, options.runs, Path(folder))
        ours = not options.peers_only
        bench = Bench(papers, tree, Path(folder), options.runs, options.peers, ours)
        for name in options.cases:
            yield from bench.measure(name, extra)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what the options say, and print, save and publish the table.

    Args:
        argv: The arguments; those of the process by default.

    Returns:
        The exit code.
    """
    options = arguments(argv)
    options.work = options.work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    facts, results = load(options.json)
    if options.sizes:
        facts = machine()
    for papers in options.sizes:
        for result in measure_size(papers, options):
            results = merged(results, [result])
            save(options.json, facts, results)
    print(results_table(results))
    print()
    print(stages_table(results))
    if options.write_readme:
        write_readme(results, facts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
