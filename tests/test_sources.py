"""Sources: what is a digest file, what is said of the others, and how bytes become text."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestfeed.errors import SourceError
from digestfeed.sources import SourceFault, SourceFile, SourceText, printable, read, scan

MAX = 1000
as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
posix = pytest.mark.skipif(sys.platform == "win32", reason="such files are there on POSIX only")


def _put(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"text")


def _paths(root: Path) -> list[str]:
    return [file.path for file in scan(root)[0]]


def _faults(root: Path) -> dict[str, str]:
    return {fault.path: fault.reason for fault in scan(root)[1]}


def _read(root: Path, data: bytes) -> SourceText | SourceFault:
    (root / "a.md").write_bytes(data)
    return read(root, "a.md", MAX)


# -- what is found ---------------------------------------------------------------------------------------


def test_digests_are_found_by_their_suffix(tmp_path: Path) -> None:
    """Markdown and text in any case, at any depth; nothing else, and no folder that is called like a file."""
    _put(tmp_path, "b.md", "a.MD", "c.markdown", "d.txt", "x/y/z/e.Txt", "논문/2024-12-25.md", "f.md/g.md")
    _put(tmp_path, "a.html", "b.md.bak", "c", "md", "d.md~", "e.mdx")
    wanted = ["a.MD", "b.md", "c.markdown", "d.txt", "f.md/g.md", "x/y/z/e.Txt", "논문/2024-12-25.md"]
    assert _paths(tmp_path) == wanted
    assert scan(tmp_path)[1] == []


def test_hidden_names_are_skipped(tmp_path: Path) -> None:
    """Editors, version control and sync tools keep their things there: neither read nor reported."""
    _put(tmp_path, ".a.md", ".git/b.md", "x/.trash/c.md", "x/.d.txt", "x/e.md")
    (tmp_path / ".#lock.md").symlink_to("nowhere")
    assert (_paths(tmp_path), _faults(tmp_path)) == (["x/e.md"], {})


def test_the_order_is_that_of_the_paths(tmp_path: Path) -> None:
    """Not that in which the file system lists them."""
    names = ["b.md", "a/z.md", "a.md", "a/a.md", "B.md", "가.md", "a-b.md"]
    _put(tmp_path / "one", *names)
    _put(tmp_path / "two", *reversed(names))
    assert _paths(tmp_path / "one") == _paths(tmp_path / "two") == sorted(names)


def test_a_file_is_known_by_size_and_time(tmp_path: Path) -> None:
    """By these a later run sees that it changed."""
    _put(tmp_path, "a.md")
    os.utime(tmp_path / "a.md", ns=(1, 123_456_789))
    assert scan(tmp_path)[0] == [SourceFile("a.md", 4, 123_456_789)]


def test_an_empty_folder_has_no_digests(tmp_path: Path) -> None:
    """That is for others to judge."""
    assert scan(tmp_path) == ([], [])


@pytest.mark.parametrize(("name", "reason"), [("missing", "no such folder"), ("a.md", "expected a folder")])
def test_without_a_folder_there_is_nothing_to_build(tmp_path: Path, name: str, reason: str) -> None:
    """A folder that is missing or is a file ends the run, with its name in the sentence."""
    _put(tmp_path, "a.md")
    with pytest.raises(SourceError, match=reason) as caught:
        scan(tmp_path / name)
    assert caught.value.path == str(tmp_path / name)
    assert caught.value.exit_code == 1


def test_a_folder_that_cannot_be_listed_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digests folder itself: nothing is known then."""
    monkeypatch.setattr(os, "scandir", _refuse(str(tmp_path)))
    with pytest.raises(SourceError, match="cannot list it: Permission denied"):
        scan(tmp_path)


def test_a_folder_below_that_cannot_be_listed_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs only itself, and its name can be printed."""
    folder = os.fsdecode(b"old\xff")
    _put(tmp_path, "a.md", f"{folder}/b.md")
    monkeypatch.setattr(os, "scandir", _refuse(str(tmp_path / folder)))
    assert _paths(tmp_path) == ["a.md"]
    assert list(_faults(tmp_path)) == ["old\\udcff"]


def _refuse(folder: str) -> object:
    really = os.scandir

    def scandir(path: str) -> object:
        if path == folder:
            raise PermissionError(13, "Permission denied")
        return really(path)

    return scandir


@as_root
def test_what_may_not_be_read_is_a_fault(tmp_path: Path) -> None:
    """A folder without permission is found out when it is listed, a file when it is read."""
    _put(tmp_path, "a.md", "secret/b.md", "c.md")
    (tmp_path / "secret").chmod(0)
    (tmp_path / "c.md").chmod(0)
    try:
        assert _paths(tmp_path) == ["a.md", "c.md"]
        assert list(_faults(tmp_path)) == ["secret"]
        assert isinstance(read(tmp_path, "c.md", MAX), SourceFault)
    finally:
        (tmp_path / "secret").chmod(0o755)


# -- links -----------------------------------------------------------------------------------------------


def test_links_that_lead_out_are_not_followed(tmp_path: Path) -> None:
    """Neither files nor folders, also not to a neighbour whose name begins like the folder's."""
    inside, outside = tmp_path / "digests", tmp_path / "digests-private"
    _put(inside, "a.md")
    _put(outside, "secret.md")
    (inside / "b.md").symlink_to(outside / "secret.md")
    (inside / "c.md").symlink_to("../digests-private/secret.md")
    (inside / "folder").symlink_to(outside)
    (inside / "up").symlink_to("..")
    (inside / "picture.png").symlink_to("/etc/hostname")
    assert _paths(inside) == ["a.md"]
    faults = _faults(inside)
    assert list(faults) == ["b.md", "c.md"]
    assert all("link that leads out" in reason for reason in faults.values())


def test_links_inside_lead_to_their_file(tmp_path: Path) -> None:
    """A link to a file of the folder is that file; a link to a folder shows nothing new."""
    _put(tmp_path, ".data/a.md", "x/b.md")
    (tmp_path / "a.md").symlink_to(".data/a.md")
    (tmp_path / "y").symlink_to("x")
    assert _paths(tmp_path) == ["a.md", "x/b.md"]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    """A folder in itself, a file that is its own link, two that are each other's."""
    _put(tmp_path, "x/a.md")
    (tmp_path / "x/again").symlink_to(".")
    (tmp_path / "x/y").mkdir()
    (tmp_path / "x/y/up").symlink_to("..")
    (tmp_path / "x/y/top").symlink_to("../..")
    (tmp_path / "self.md").symlink_to("self.md")
    (tmp_path / "one.md").symlink_to("two.md")
    (tmp_path / "two.md").symlink_to("one.md")
    (tmp_path / "gone.md").symlink_to("nowhere.md")
    assert _paths(tmp_path) == ["x/a.md"]
    assert list(_faults(tmp_path)) == ["gone.md", "one.md", "self.md", "two.md"]


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    """What it leads to is then the folder that links must stay in."""
    _put(tmp_path / "real", "a.md", "x/b.md")
    (tmp_path / "digests").symlink_to("real")
    (tmp_path / "real/c.md").symlink_to("x/b.md")
    assert _paths(tmp_path / "digests") == ["a.md", "c.md", "x/b.md"]
    assert isinstance(read(tmp_path / "digests", "c.md", MAX), SourceText)


# -- what is no regular file -----------------------------------------------------------------------------


@posix
def test_pipes_and_sockets_are_faults_and_never_waited_for(tmp_path: Path) -> None:
    """A pipe that nobody writes to must not stop a build, also where it took a file's place."""
    os.mkfifo(tmp_path / "pipe.md")
    os.mkfifo(tmp_path / "pipe")
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{short}/s.md")
        assert list(_faults(Path(short))) == ["s.md"]
        assert isinstance(read(short, "s.md", MAX), SourceFault)
    assert _paths(tmp_path) == []
    assert _faults(tmp_path) == {"pipe.md": "expected a regular file, got something else"}
    reason = "expected a readable file, got an error: it is no regular file"
    assert read(tmp_path, "pipe.md", MAX) == SourceFault("pipe.md", reason)


@posix
def test_what_a_link_took_the_place_of_is_not_read(tmp_path: Path) -> None:
    """Between being found and being read, a file or a folder above it may be replaced by a link that leads out."""
    inside, outside = tmp_path / "digests", tmp_path / "private"
    _put(inside, "x/a.md", "b.md")
    _put(outside, "a.md")
    assert _paths(inside) == ["b.md", "x/a.md"]
    (inside / "x").rename(tmp_path / "moved")
    (inside / "x").symlink_to(outside)
    (inside / "b.md").unlink()
    (inside / "b.md").symlink_to(outside / "a.md")
    for name in ("x/a.md", "b.md"):
        found = read(inside, name, MAX)
        assert isinstance(found, SourceFault)
        assert found.kind == "link-outside"


def test_files_are_read_where_the_system_does_not_tell_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without `/proc`: those inside, also by a link, and none outside."""
    _put(tmp_path, "digests/a.md", "private.md")
    (tmp_path / "digests/b.md").symlink_to("a.md")
    (tmp_path / "digests/c.md").symlink_to("../private.md")
    (tmp_path / "link").symlink_to("digests")
    readlink = os.readlink

    def only_elsewhere(path: str, *, dir_fd: int | None = None) -> str:
        if path.startswith("/proc/"):
            raise FileNotFoundError(2, "No such file or directory")
        return readlink(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "readlink", only_elsewhere)
    for folder in ("digests", "link"):
        found = [read(tmp_path / folder, f"{name}.md", MAX) for name in "abc"]
        assert [isinstance(one, SourceText) for one in found] == [True, True, False]


@pytest.mark.parametrize("name", ["gone.md", "folder.md"])
def test_a_file_that_went_away_is_a_fault(tmp_path: Path, name: str) -> None:
    """Between being found and being read a file may be removed, or replaced by a folder."""
    (tmp_path / "folder.md").mkdir()
    found = read(tmp_path, name, MAX)
    assert isinstance(found, SourceFault)
    assert found.path == name
    assert found.reason.startswith("expected a readable file, got an error: ")


# -- names -----------------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"a\nb.md", "a\\nb.md"),
        (b"caf\xe9.md", "caf\\udce9.md"),
        (b"\x1b[31m.md", "\\x1b[31m.md"),
        ("a\u202eb.md".encode(), "a\\u202eb.md"),
        (b"bad\xff/a.md", "bad\\udcff/a.md"),
    ],
)
def test_names_that_cannot_be_printed_are_faults(tmp_path: Path, name: bytes, shown: str) -> None:
    """They would break a report, a path of status.json or a terminal; the fault shows them escaped."""
    _put(tmp_path, os.fsdecode(name))
    assert _paths(tmp_path) == []
    assert _faults(tmp_path) == {shown: "expected a file name that is printable UTF-8, got one that is not"}


@pytest.mark.parametrize("name", ["with blank.md", "논문.md", unicodedata.normalize("NFD", "논문.md"), "a'b\"c&<d>.md"])
def test_other_names_are_good(tmp_path: Path, name: str) -> None:
    """Blanks, Korean in any form of Unicode, quotes and brackets."""
    _put(tmp_path, name)
    assert _paths(tmp_path) == [name]


@given(st.binary(max_size=30).map(os.fsdecode) | st.text(st.characters()))
def test_printable_names_print(name: str) -> None:
    """Whatever a name is made of, it shows as one line of valid text; a printable one is left alone."""
    shown = printable(name)
    assert shown.isprintable()
    shown.encode()
    assert shown == name or not name.isprintable()


# -- bytes -----------------------------------------------------------------------------------------------

TEXT = "## 제목: 가\n\n**요약**: 나\n"


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (TEXT.encode(), None),
        (TEXT.encode("utf-8-sig"), None),
        (TEXT.encode("utf-16"), "UTF-16"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), "UTF-16"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "UTF-16"),
        (TEXT.encode("cp949"), "CP949"),
        (TEXT.replace("\n", "\r\n").encode(), None),
        (TEXT.replace("\n", "\r").encode(), None),
        (TEXT.replace("\n", "\x85").encode(), None),
        (TEXT.replace("\n", "\r\n").encode("utf-16"), "UTF-16"),
        (TEXT.encode("utf-16-le"), "UTF-16 without its mark"),
        (TEXT.encode("utf-16-be"), "UTF-16 without its mark"),
        (TEXT.encode("utf-32"), "UTF-32"),
        (b"\x00\x00\xfe\xff" + TEXT.encode("utf-32-be"), "UTF-32"),
        (b"\xef\xbb\xbf" + TEXT.replace("\n\n", "\n\n\ufeff").encode("utf-8-sig"), None),
        (unicodedata.normalize("NFD", TEXT).encode(), None),
        (TEXT.replace("\n", "\u2028").encode(), None),
        (TEXT.replace("\n", "\f").encode(), None),
    ],
)
def test_every_way_to_write_a_text_gives_the_text(tmp_path: Path, data: bytes, note: str | None) -> None:
    """Encodings, marks and line ends do not matter; what is no UTF-8 is said so."""
    found = _read(tmp_path, data)
    assert isinstance(found, SourceText)
    assert (found.path, found.text, found.note) == ("a.md", TEXT, note)


NEITHER = "expected UTF-8 text, got bytes that are neither that nor CP949"
NO_UTF16 = "expected UTF-16 text, as its first bytes say, got bytes that are none"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x80\x81\xff\xff", NEITHER),
        (b"\xed\xa0\x80\xff", NEITHER),
        (b"\xff\xfea", NO_UTF16),
        (b"\xff\xfe\x00\xd8", NO_UTF16),
        (b"\xfe\xff\x00", NO_UTF16),
        (TEXT.encode() + b"\xff", "expected UTF-8 text, got the byte 0xff out of place in line 4"),
        (TEXT.encode()[:-2], "expected UTF-8 text, got the byte 0xeb out of place in line 3"),
        # Some that CP949 would take for letters of its own.
        ("“Attention” isn’t all".encode("cp1252"), NEITHER),
        ("日本語の要約です。モデルの学習".encode("euc_jp"), NEITHER),
        ("本文提出了一种新的深度学习模型".encode("gbk"), NEITHER),
        ("Résumé: é".encode() + b"\xb0\xa1", "expected UTF-8 text, got the byte 0xb0 out of place in line 1"),
    ],
)
def test_bytes_that_are_no_text_are_a_fault(tmp_path: Path, data: bytes, reason: str) -> None:
    """Nothing is guessed that would come out as wrong letters; UTF-8 that was spoilt or cut says where."""
    assert _read(tmp_path, data) == SourceFault("a.md", reason, "not-text")


def test_an_empty_file_is_an_empty_text(tmp_path: Path) -> None:
    """No fault: there is nothing that could be lost."""
    found = _read(tmp_path, b"")
    assert isinstance(found, SourceText)
    assert found.text == ""


def test_a_file_is_read_up_to_a_size(tmp_path: Path) -> None:
    """As many bytes as allowed are read; one more is a fault that tells the key that allows it."""
    assert isinstance(_read(tmp_path, b"a" * MAX), SourceText)
    found = _read(tmp_path, b"a" * (MAX + 1))
    assert isinstance(found, SourceFault)
    assert found.reason.startswith(f"expected at most {MAX} bytes, got more")
    assert "digests.max_bytes" in found.reason


def test_the_hash_is_of_the_bytes(tmp_path: Path) -> None:
    """The same bytes have the same hash wherever they lie, other bytes of the same text another."""
    one, other, same = (_read(tmp_path, data) for data in (b"a\n", b"a\r\n", b"a\n"))
    assert isinstance(one, SourceText)
    assert isinstance(other, SourceText)
    assert one == same
    assert one.text == other.text
    assert one.hash != other.hash


@given(st.binary(max_size=MAX) | st.text().map(str.encode))
def test_any_bytes_are_a_text_or_a_fault(data: bytes) -> None:
    """No bytes end in an exception, and a text has one kind of line end."""
    with tempfile.TemporaryDirectory() as folder:
        found = _read(Path(folder), data[:MAX])
    assert isinstance(found, SourceText | SourceFault)
    if isinstance(found, SourceText):
        assert not set(found.text) & {"\r", "\x85"}
