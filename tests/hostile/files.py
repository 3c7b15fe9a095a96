"""Digests as files: bytes, names, links, pipes, and what happens to a file between being found and being read."""

from __future__ import annotations

import os
import socket
import tempfile
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from tests.hostile.cases import DAY, expanded, table

DIGEST = (
    "## 제목: {title}\n\n**요약**: 글이다.\n**추천수**: 3\n**PDF 다운로드 링크**: [PDF](https://arxiv.org/pdf/{id})\n"
)
IN_ENGLISH = "## Title: {title}\n\n**Summary**: words\n**Votes**: 3\n**Link**: https://arxiv.org/abs/{id}\n"


def digest(title: str, arxiv_id: str = "2410.00001") -> str:
    """Write a digest of one paper."""
    return DIGEST.format(title=title, id=arxiv_id)


# -- bytes -----------------------------------------------------------------------------------------------------


_PLACE = b"@@"  # where the bytes inside go


class BytesCase(msgspec.Struct, frozen=True, kw_only=True):
    """A file by its bytes; what its parts mean stands in `bytes.toml`."""

    name: str
    number: int
    encoding: str = "utf-8"
    text: str = "제목 하나"
    ends: str = "\n"
    form: str = "NFC"
    before: str = ""
    inside: str = ""
    behind: str = ""
    twice: bool = False
    raw: str | None = None
    kind: str | None = None
    title: str | None = None

    @property
    def path(self) -> str:
        """Where its file lies in the folder."""
        return f"{DAY}-bytes-{self.number:03d}.md"

    @property
    def arxiv_id(self) -> str:
        """The arXiv id of its paper."""
        return f"2409.{self.number + 1:05d}"

    def data(self) -> bytes:
        """Its bytes."""
        if self.raw is not None:
            return bytes.fromhex(self.raw)
        data = self._encoded().replace(_PLACE, bytes.fromhex(self.inside))
        whole = bytes.fromhex(self.before) + data + bytes.fromhex(self.behind)
        return whole + whole.replace(self.arxiv_id.encode(), b"2408.00001") if self.twice else whole

    def _encoded(self) -> bytes:
        for form in (DIGEST, IN_ENGLISH):
            title = self.text + _PLACE.decode() * bool(self.inside)
            text = form.format(title=title, id=self.arxiv_id).replace("\n", self.ends)
            try:
                return unicodedata.normalize(self.form, text).encode(self.encoding)  # type: ignore[arg-type]
            except UnicodeEncodeError:
                continue
        raise AssertionError(self.name)


def bytes_cases() -> list[BytesCase]:
    """All cases of bytes."""
    rows = table("bytes")["case"]
    return [msgspec.convert({**row, "number": n}, BytesCase) for n, row in enumerate(rows)]


# -- names -----------------------------------------------------------------------------------------------------


class NameCase(msgspec.Struct, frozen=True, kw_only=True):
    """A file by its name, as text or as bytes in hexadecimal digits; `hidden`: it is passed over without a word."""

    name: str
    number: int
    file: str = ""
    hex: str = ""
    kind: str | None = None
    hidden: bool = False

    @property
    def path(self) -> bytes:
        """Its path in the folder; each case has a folder of its own, for names of another may be the same."""
        file = bytes.fromhex(self.hex) if self.hex else self._text().encode()
        return f"n{self.number:03d}/".encode() + file

    def _text(self) -> str:
        return self.file.replace("{long}", "a" * 252) if "{long}" in self.file else expanded(self.file)

    @property
    def arxiv_id(self) -> str:
        """The arXiv id of its paper."""
        return f"2407.{self.number + 1:05d}"


def name_cases() -> list[NameCase]:
    """All cases of names."""
    rows = table("file-names")["case"]
    return [msgspec.convert({**row, "number": n}, NameCase) for n, row in enumerate(rows)]


# -- the file system -------------------------------------------------------------------------------------------

Then = Callable[[], None] | None
"""What happens after the folder was listed and before its files are read."""


class FileCase(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in a folder; `make` is a name of `MAKERS`.  A problem of `*` is one of some path."""

    name: str
    make: str
    reads: tuple[str, ...] = ()
    problems: dict[str, str] = {}


def file_cases() -> list[FileCase]:
    """All cases of the file system."""
    return msgspec.convert(table("file-system")["case"], list[FileCase])


def _put(path: Path, title: str = "good", number: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(digest(title, f"2410.{number:05d}"), "utf-8")
    return path


def _secret(root: Path) -> Path:
    """A digest that nobody is to see: it lies beside the folder."""
    return _put(root.parent / f"{root.name}-private" / "a.md", "SECRET", 99)


def link_out(root: Path) -> None:
    (root / "a.md").symlink_to(_secret(root))


def link_out_twice(root: Path) -> None:
    (root / "a.md").symlink_to(_secret(root))
    (root / "b.md").symlink_to("a.md")


def folder_link_out(root: Path) -> None:
    (root / "x").symlink_to(_secret(root).parent)
    (root / "y").symlink_to("..")


def link_to_neighbour(root: Path) -> None:
    (root / "a.md").symlink_to(f"../{_secret(root).parent.name}/a.md")


def link_to_system(root: Path) -> None:
    (root / "a.md").symlink_to("/etc/passwd")


def link_to_zero(root: Path) -> None:
    (root / "a.md").symlink_to("/dev/zero")


def link_to_memory(root: Path) -> None:
    (root / "a.md").symlink_to("/proc/self/environ")


def link_to_itself(root: Path) -> None:
    (root / "a.md").symlink_to("a.md")


def links_to_each_other(root: Path) -> None:
    (root / "a.md").symlink_to("b.md")
    (root / "b.md").symlink_to("a.md")


def links_in_a_row(root: Path) -> None:
    _put(root / "x" / "good.md")
    (root / "x000").symlink_to("x/good.md")
    for n in range(1, 100):
        (root / f"x{n:03d}").symlink_to(f"x{n - 1:03d}")
    (root / "x100.md").symlink_to("x099")


def link_to_nothing(root: Path) -> None:
    (root / "a.md").symlink_to("nowhere.md")


def link_inside(root: Path) -> None:
    _put(root / ".data" / "a.md")
    (root / "a.md").symlink_to(".data/a.md")


def folder_loop(root: Path) -> None:
    _put(root / "x" / "a.md")
    (root / "x" / "x").symlink_to(".")


def folder_maze(root: Path) -> None:
    _put(root / "x" / "y" / "a.md")
    for n in range(20):
        (root / f"l{n}").symlink_to("x")
        (root / "x" / f"l{n}").symlink_to("..")
        (root / "x" / "y" / f"l{n}").symlink_to("../..")


def pipe(root: Path) -> None:
    os.mkfifo(root / "a.md")


def link_to_pipe(root: Path) -> None:
    os.mkfifo(root / "pipe")
    (root / "a.md").symlink_to("pipe")


def a_socket(root: Path) -> None:
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{short}/s")  # a path of a socket must be short
        (Path(short) / "s").rename(root / "a.md")


def folder_as_file(root: Path) -> None:
    _put(root / "a.md" / "b.txt")


def forbidden_file(root: Path) -> None:
    _put(root / "a.md").chmod(0)


def forbidden_folder(root: Path) -> None:
    _put(root / "x" / "a.md")
    (root / "x").chmod(0)


def sparse(root: Path) -> None:
    (root / "a.md").touch()
    os.truncate(root / "a.md", 2**40)


def hidden(root: Path) -> None:
    _put(root / ".git" / "a.md")
    _put(root / "x" / ".a.md")


def leavings(root: Path) -> None:
    for name in ("a.md~", "#a.md#", "a.md.swp", "a.md.part", "a", "md", "a.mdx", "a.html", "a.md.gz"):
        _put(root / name)


def same_but_for_case(root: Path) -> None:
    _put(root / "A.md")
    _put(root / "a.md", "as good", 2)


def same_but_for_form(root: Path) -> None:
    _put(root / "가.md")
    _put(root / unicodedata.normalize("NFD", "가.md"), "as good", 2)


def deep(root: Path) -> None:
    _put(root / "/".join(["d"] * 200) / "a.md")


def deeper_than_paths(root: Path) -> None:
    """Make folders by descriptors, since no path leads there."""
    folder = os.open(root, os.O_RDONLY)
    for _ in range(60):
        os.mkdir("d" * 100, dir_fd=folder)
        below = os.open("d" * 100, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    with open(os.open("a.md", os.O_WRONLY | os.O_CREAT, dir_fd=folder), "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(digest("good"))
    os.close(folder)


def empty_many(root: Path) -> None:
    for n in range(1_000):
        (root / f"x{n}").mkdir()
        (root / f"{n}.md").touch()


def vanishing(root: Path) -> Then:
    return _put(root / "a.md").unlink


def becoming_folder(root: Path) -> Then:
    file = _put(root / "a.md")

    def then() -> None:
        file.unlink()
        file.mkdir()

    return then


def becoming_pipe(root: Path) -> Then:
    file = _put(root / "a.md")

    def then() -> None:
        file.unlink()
        os.mkfifo(file)

    return then


def becoming_link(root: Path) -> Then:
    file, secret = _put(root / "a.md"), _secret(root)

    def then() -> None:
        file.unlink()
        file.symlink_to(secret)

    return then


def becoming_folder_link(root: Path) -> Then:
    file, secret = _put(root / "x" / "a.md"), _secret(root)

    def then() -> None:
        file.unlink()
        file.parent.rmdir()
        file.parent.symlink_to(secret.parent)

    return then


def becoming_forbidden(root: Path) -> Then:
    file = _put(root / "a.md")
    return lambda: file.chmod(0)


def growing(root: Path) -> Then:
    file = _put(root / "a.md")

    def then() -> None:
        with file.open("a", encoding="utf-8") as end:
            end.write("\n---\n\n" + digest("as good", "2410.00002"))

    return then


def growing_too_large(root: Path) -> Then:
    file = _put(root / "a.md")
    return lambda: os.truncate(file, 2**40)


def shrinking(root: Path) -> Then:
    file = _put(root / "a.md")
    return lambda: os.truncate(file, 0)


def appearing(root: Path) -> Then:
    (root / "x").mkdir()

    def then() -> None:
        _put(root / "x" / "a.md")

    return then


_QUIET: tuple[Callable[[Path], None], ...] = (
    *(link_out, link_out_twice, folder_link_out, link_to_neighbour, link_to_system, link_to_zero, link_to_memory),
    *(link_to_itself, links_to_each_other, links_in_a_row, link_to_nothing, link_inside, folder_loop, folder_maze),
    *(pipe, link_to_pipe, a_socket, folder_as_file, forbidden_file, forbidden_folder, sparse, hidden, leavings),
    *(same_but_for_case, same_but_for_form, deep, deeper_than_paths, empty_many),
)
_CHANGING: tuple[Callable[[Path], Then], ...] = (
    *(vanishing, becoming_folder, becoming_pipe, becoming_link, becoming_folder_link, becoming_forbidden),
    *(growing, growing_too_large, shrinking, appearing),
)
MAKERS: dict[str, Callable[[Path], Then]] = {maker.__name__: maker for maker in (*_QUIET, *_CHANGING)}
"""What a case of the file system is made by; what it gives is to be called between listing and reading."""

# -- shapes ----------------------------------------------------------------------------------------------------


Count = int | Literal["many"]
MANY = int(os.environ.get("DIGESTFEED_HOSTILE_MANY", "1_000"))
"""What "many" is: items, days and digests; a hundred thousand by hand."""


class ShapeCase(msgspec.Struct, frozen=True, kw_only=True):
    """A digest of an unusual shape; `make` is a name of `SHAPES`."""

    name: str
    make: str
    items: Count = 0
    problems: dict[str, Count] = {}


def shape_cases() -> list[ShapeCase]:
    """All cases of shapes."""
    return msgspec.convert(table("shapes")["case"], list[ShapeCase])


def counted(count: Count) -> int:
    """Give a number that a case tells, or leaves to the tests."""
    return MANY if count == "many" else count


LINK = "**링크**: https://arxiv.org/abs/2410.00001\n"
_TEN = range(10_000)
SHAPES: dict[str, Callable[[int], str]] = {
    "one_line": lambda size: "a" * size,
    "one_line_of_brackets": lambda size: "[" * size,
    "long_heading": lambda size: f"## {'Attention ' * (size // 10)}\n**요약**: 글\n{LINK}",
    "long_summary": lambda size: f"## A\n**요약**: {'글 ' * (size // 4)}\n{LINK}",
    "long_label": lambda size: f"## A\n**요약**: 글\n**관련분야**: {'로봇' * (size // 6)}\n{LINK}",
    "long_link": lambda size: f"## A\n**요약**: 글\n**링크**: https://x.example/{'a' * size}\n",
    "long_number": lambda size: f"## A\n**요약**: 글\n**추천수**: {'9' * size}\n{LINK}",
    "many_fields": lambda _: f"## A\n**요약**: 글\n**관련분야**: {', '.join(f'field{n}' for n in _TEN)}\n{LINK}",
    "many_authors": lambda _: f"## A\n**요약**: 글\n**저자**: {', '.join(f'Ada {n}' for n in _TEN)}\n{LINK}",
    "many_links": lambda _: f"## A\n**요약**: 글\n{LINK}" + "".join(f"https://x.example/{n}\n" for n in _TEN),
    "many_items": lambda _: "".join(
        f"## A{n}\n**요약**: 글\n**링크**: https://x.example/{n}\n---\n" for n in range(MANY)
    ),
    "many_of_one": lambda _: "".join(f"## A{n}\n**요약**: 글\n{LINK}---\n" for n in range(MANY)),
    "many_days": lambda _: "".join(f"# 2024-13-{n % 90 + 10}\n## A{n}\n**요약**: 글\n" for n in range(MANY)),
    "many_labels": lambda _: f"## A\n**요약**: 글\n{LINK}" + "**추천수**: 3\n" * len(_TEN),
    "many_headings": lambda _: "# a\n" * len(_TEN),
    "many_blanks": lambda _: "\n" * 50_000 + f"## A\n**요약**: 글\n{LINK}" + "\n" * 50_000,
    "many_digests": lambda _: "",
}
"""What a case of a shape is made by, of as many bytes as are asked for."""
