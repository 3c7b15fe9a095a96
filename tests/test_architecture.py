"""The architecture: imports run one way, each library has its one place, and nothing looks at the clock."""

from __future__ import annotations

import ast
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import digestfeed

ROOT = Path(digestfeed.__file__).parent

# From the bottom up: what stands in a row may import what stands in rows above it.
LAYERS = [
    {"digestfeed", "data"},
    {"problems"},
    {"model"},
    {"errors"},
    {"arxiv", "text", "toml"},
    {"config", "encodings"},
    {"urls"},
    {"media"},
    {"sources", "parse", "dating", "merge", "fields", "channels", "catalog", "render", "write", "serve", "websub"}
    | {"diagnostics", "watch", "storage"},
    {"live", "fetch", "mirror", "recipes"},
    {"pipeline"},
    {"endings"},
    {"api", "cli"},
    {"__main__"},
]
RANK = {room: rank for rank, rooms in enumerate(LAYERS) for room in rooms}

# (room, room): imports between stages, and why each is none of theirs.
BETWEEN_STAGES = {
    ("digestfeed", "api"): "the package offers the API's names, and imports them when they are asked for",
    ("render", "channels"): "the pages show a channel, whose type is there",
}

DISK = {"sources", "write", "catalog", "api", "cli", "fetch", "mirror", "serve", "storage", "watch", "websub"}
FILE_CALLS = {
    *("open", "fdopen", "scandir", "listdir", "walk", "unlink", "remove", "rename", "mkdir", "makedirs", "rmdir"),
    *("read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "glob", "rglob", "touch", "stat", "lstat"),
    *("exists", "lexists", "is_file", "is_dir", "isfile", "isdir", "symlink_to", "chmod", "utime", "rmtree"),
}
PACKAGE_DATA = {"read_text", "read_bytes", "iterdir"}  # of `importlib.resources`, where a module imports that
ENDS_PROCESSES = {
    ("pipeline.runner", "_exit"),  # those of its own, when their parent is gone
    ("endings", "_exit"),  # where a thread would wait for ever
}

CLOCKS = {"now", "utcnow", "today", "time_ns", "monotonic", "localtime", "gmtime", "ctime"}
CHANCE = {"random", "secrets", "uuid"}


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "digestfeed"


MODULES = {_name(path): ast.parse(path.read_text("utf-8")) for path in sorted(ROOT.rglob("*.py"))}


def room(module: str) -> str:
    """Give the room that a module of ours belongs to."""
    return module.split(".", maxsplit=1)[0]


def imports(tree: ast.Module) -> set[str]:
    """Give the full names of all modules (and of what is taken from them) that a module imports anywhere."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def ours(tree: ast.Module) -> set[str]:
    """Give the modules of ours that a module imports, without `digestfeed.`."""
    found = set()
    for name in imports(tree):
        parts = name.split(".")
        if parts[0] == "digestfeed":
            inside = ".".join(parts[1:])
            found.add(inside if inside in MODULES else ".".join(parts[1:-1]) or "digestfeed")
    return found


def calls(tree: ast.Module) -> list[tuple[int, str, str]]:
    """Give (line, what it is called on, name) of all calls."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            found.append((node.lineno, ast.unparse(node.func.value), node.func.attr))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found.append((node.lineno, "", node.func.id))
    return found


def test_every_room_has_its_place() -> None:
    """A new module has to say where it stands."""
    assert {room(module) for module in MODULES} == RANK.keys()


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_one_way(module: str) -> None:
    """From a room only to those above it, and between stages never, also not for types or within functions."""
    here = room(module)
    for other in ours(MODULES[module]):
        there = room(other)
        if there != here and (here, there) not in BETWEEN_STAGES:
            assert RANK[there] < RANK[here], f"{module} imports {other}"


def test_what_is_let_through_is_needed() -> None:
    """An exception that nobody uses any more goes."""
    used = {(room(module), room(other)) for module, tree in MODULES.items() for other in ours(tree)}
    assert used >= BETWEEN_STAGES.keys()
    made = {(module, name) for module, tree in MODULES.items() for _, _, name in calls(tree)}
    assert made >= ENDS_PROCESSES


@pytest.mark.parametrize("module", MODULES)
def test_nobody_takes_what_is_private(module: str) -> None:
    """A name with an underscore is its room's own."""
    for name in imports(MODULES[module]):
        parts = name.split(".")
        if parts[0] == "digestfeed" and parts[1:2] != [room(module)]:
            assert not any(part.startswith("_") and not part.startswith("__") for part in parts), name


@pytest.mark.parametrize(
    ("library", "most"),
    [("feedgen", 1), ("pendulum", 2), ("jinja2", 1), ("nh3", 1), ("markdown_it", 1), ("sqlite3", 1)],
)
def test_a_library_has_its_one_place(library: str, most: int) -> None:
    """So that it can be replaced, and its quirks are known where they are."""
    users = [module for module, tree in MODULES.items() if library in {name.split(".")[0] for name in imports(tree)}]
    assert 0 < len(users) <= most, users


def test_click_is_the_command_lines_alone() -> None:
    """Nobody else knows that there is one."""
    users = {room(module) for module, tree in MODULES.items() if "click" in {n.split(".")[0] for n in imports(tree)}}
    assert users == {"cli"}


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) not in {"api", "cli", "__main__"}])
def test_nothing_below_the_command_line_looks_at_the_clock(module: str) -> None:
    """The same digests give the same bytes, today and tomorrow; the pipeline may time itself."""
    tree = MODULES[module]
    names = {name.split(".")[0] for name in imports(tree)}
    assert not names & CHANCE
    assert "time" not in names or room(module) == "pipeline"
    for line, on, name in calls(tree):
        assert name not in CLOCKS, f"{module}:{line}"
        assert on != "time" or name == "perf_counter", f"{module}:{line}"


@pytest.mark.parametrize("module", [module for module in MODULES if room(module) not in DISK])
def test_only_the_doors_touch_the_disk(module: str) -> None:
    """Digests come in by `sources`, documents go out by `write`; the rest is given what it needs."""
    tree = MODULES[module]
    allowed = PACKAGE_DATA if "importlib.resources" in imports(tree) else set()
    for line, on, name in calls(tree):
        if on not in DISK:
            assert name not in FILE_CALLS - allowed, f"{module}:{line} calls {name}"


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) != "cli"])
def test_only_the_command_line_talks_and_ends(module: str) -> None:
    """Nobody else prints, or ends the process."""
    for line, on, name in calls(MODULES[module]):
        talks = name in {"print", "echo", "secho", "exit", "_exit", "input"}
        assert not talks or (module, name) in ENDS_PROCESSES, f"{module}:{line} {on}.{name}"


@pytest.mark.parametrize("module", MODULES)
def test_everything_public_says_what_it_is(module: str) -> None:
    """Each module, class, function and method without an underscore has a docstring."""
    tree = MODULES[module]
    assert ast.get_docstring(tree)
    nodes: list[ast.stmt] = list(tree.body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{module}.{node.name}"
            nodes += node.body if isinstance(node, ast.ClassDef) else []


def _run(program: str) -> tuple[int, str]:
    command = [sys.executable, "-W", "error", "-c", program]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return ended.returncode, ended.stdout + ended.stderr


def test_each_module_can_be_imported_first() -> None:
    """In a fresh interpreter, without a warning: no module needs another to have come before it."""
    names = [f"digestfeed.{module}" for module in MODULES if module not in {"digestfeed", "__main__"}]
    with ThreadPoolExecutor(4) as pool:
        ended = dict(zip(names, pool.map(_run, [f"import {name}" for name in names]), strict=True))
    assert {name: said for name, (code, said) in ended.items() if code or said} == {}


def test_the_command_line_starts_light() -> None:
    """Libraries that take long to import are imported by what needs them, not at the start."""
    heavy = ["lxml", "feedgen", "pendulum", "jinja2", "rich", "markdown_it", "nh3", "multiprocessing"]
    rooms = ", ".join(f"digestfeed.{module}" for module in MODULES if room(module) == "cli")
    program = f"import sys, {rooms}; print([n for n in {heavy} if n in sys.modules])"
    assert _run(program) == (0, "[]\n")
