"""Bringing digests from elsewhere: only what changed, whole, and nothing that a hostile name asks for."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from digestfeed import fetch, sources, storage, write
from digestfeed.cli import main
from digestfeed.errors import OutputError, SourceError
from digestfeed.storage import Listed
from tests import places

pytest.importorskip("fsspec")

ROOT = Path(__file__).parents[1]
MAX = 100_000


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """Some digests, to be changed."""
    folder = tmp_path / "there"
    for name in ("2024-11-11.md", "2024/12/01.md", "2024/12/02.markdown", "논문/메모.txt"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"제목: {name}\n요약: 무엇.\n", "utf-8")
    return folder


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


def bring(url: str, here: Path, *, allow_shrink: bool = False) -> fetch.Fetched:
    return fetch.fetch(storage.open_storage(url, SourceError), here, MAX, allow_shrink=allow_shrink)


def tree(folder: Path) -> dict[str, bytes]:
    """All that a build would see."""
    return {path: (folder / path).read_bytes() for path in write.walk(folder)}


def counts(done: fetch.Fetched) -> tuple[int, int, int]:
    return done.brought, done.removed, done.unchanged


# -- what comes and what goes --------------------------------------------------------------------------------------


def test_the_folder_becomes_the_source(there: Path, here: Path) -> None:
    (there / ".hidden.md").write_text("x", "utf-8")
    (there / "picture.png").write_bytes(b"x")
    done = bring(str(there), here)
    assert counts(done) == (4, 0, 0)
    assert done.skipped == ()
    assert tree(here) == {path: data for path, data in tree(there).items() if path.endswith(sources.SUFFIXES)}
    assert [path.name for path in (here / "2024").iterdir()] == ["12"]
    assert {path.name for path in here.iterdir() if path.name[0] == "."} == {fetch.MANIFEST}


def test_only_what_changed_comes(there: Path, here: Path) -> None:
    bring(str(there), here)
    before = {path: (here / path).stat().st_mtime_ns for path in tree(here)}
    manifest = (here / fetch.MANIFEST).stat().st_mtime_ns
    assert counts(bring(str(there), here)) == (0, 0, 4)
    assert (here / fetch.MANIFEST).stat().st_mtime_ns == manifest
    (there / "2024-11-11.md").write_text("제목: 다시\n요약: 무엇.\n", "utf-8")
    (there / "2024-11-12.md").write_text("제목: 새\n요약: 무엇.\n", "utf-8")
    assert counts(bring(str(there), here)) == (2, 0, 3)
    after = {path: (here / path).stat().st_mtime_ns for path in tree(here)}
    assert {path for path in after if after[path] != before.get(path)} == {"2024-11-11.md", "2024-11-12.md"}
    assert tree(here) == tree(there)


def test_what_is_gone_there_goes_and_what_was_not_brought_stays(there: Path, here: Path) -> None:
    (here / "mine.md").write_text("mine", "utf-8")
    bring(str(there), here)
    shutil.rmtree(there / "2024")
    assert counts(bring(str(there), here)) == (0, 2, 2)
    assert tree(here) == {**tree(there), "mine.md": b"mine"}
    assert not (here / "2024").exists()


def test_what_went_here_comes_again(there: Path, here: Path) -> None:
    bring(str(there), here)
    (here / "2024-11-11.md").unlink()
    (here / "2024/12/01.md").write_text("edited", "utf-8")
    assert counts(bring(str(there), here)) == (2, 0, 2)
    assert tree(here) == tree(there)


def test_a_file_of_ones_own_is_not_overwritten(there: Path, here: Path) -> None:
    (here / "2024-11-11.md").write_text("mine", "utf-8")
    shutil.copytree(there / "2024", here / "2024")  # as it is there: taken for one that was brought
    for _ in range(2):
        done = bring(str(there), here)
        assert [(fault.path, fault.reason[:22]) for fault in done.skipped] == [
            ("2024-11-11.md", "expected no other file")
        ]
    assert (here / "2024-11-11.md").read_text("utf-8") == "mine"
    shutil.rmtree(there / "2024")
    (there / "2024-11-11.md").unlink()
    bring(str(there), here, allow_shrink=True)
    assert set(tree(here)) == {"2024-11-11.md", "논문/메모.txt"}


def test_what_was_written_anew_here_is_not_removed(there: Path, here: Path) -> None:
    bring(str(there), here)
    (here / "2024-11-11.md").write_text("mine now", "utf-8")
    (there / "2024-11-11.md").unlink()
    done = bring(str(there), here)
    assert counts(done) == (0, 0, 3)
    assert [fault.path for fault in done.skipped] == ["2024-11-11.md"]
    assert (here / "2024-11-11.md").read_text("utf-8") == "mine now"
    assert bring(str(there), here).skipped == ()  # it is one's own now


# -- nothing shrinks by accident -----------------------------------------------------------------------------------


def test_a_source_that_is_empty_removes_nothing(there: Path, here: Path) -> None:
    bring(str(there), here)
    before = tree(here)
    shutil.rmtree(there)
    for _ in range(2):
        with pytest.raises(SourceError):
            bring(str(there), here)
        there.mkdir(exist_ok=True)
    assert tree(here) == before


def test_most_go_only_if_that_is_meant(there: Path, here: Path) -> None:
    bring(str(there), here)
    for path in sorted(tree(there))[1:]:
        (there / path).unlink()
    with pytest.raises(SourceError, match="3 digests are gone there and 1 are left"):
        bring(str(there), here)
    assert len(tree(here)) == 4
    assert counts(bring(str(there), here, allow_shrink=True)) == (0, 3, 1)
    assert tree(here) == tree(there)


def test_a_folder_that_cannot_be_listed_is_not_empty(there: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fsspec passes over in silence would be removed here."""
    bring(str(there), here)
    scandir = os.scandir

    def closed(path: str) -> Iterator[os.DirEntry[str]]:
        if str(path).endswith("/12"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(SourceError, match=r"cannot be listed: .*denied"):
        bring(str(there), here)
    monkeypatch.undo()
    assert tree(here) == tree(there)


def test_a_folder_belongs_to_one_source(there: Path, here: Path, tmp_path: Path) -> None:
    bring(str(there), here)
    other = shutil.copytree(there, tmp_path / "other")
    with pytest.raises(SourceError, match=r"fetched from .*there; fetch .*other into another folder"):
        bring(str(other), here)
    (here / fetch.MANIFEST).write_text("{", "utf-8")
    with pytest.raises(SourceError, match="expected what digestfeed wrote"):
        bring(str(there), here)


# -- a fetch that is cut off ---------------------------------------------------------------------------------------


class Cut(Exception):  # noqa: N818
    """The line that goes down."""


class Short(storage.Storage):
    """A source whose line goes down after some files."""

    def __init__(self, url: str, budget: int) -> None:
        opened = storage.open_storage(url)
        super().__init__(url, opened._files, opened._root, SourceError)
        self.budget = budget

    def _read_start(self, path: str, limit: int) -> bytes | OSError:
        if self.budget == 0:
            raise Cut
        self.budget -= 1
        return super()._read_start(path, limit)


def test_a_listing_without_end_ends(here: Path) -> None:
    """A server may say that each folder holds itself, the one above it, and another."""

    class Endless:
        async_impl = False

        def invalidate_cache(self) -> None:
            pass

        def ls(self, path: str, *, detail: bool) -> list[dict[str, object]]:
            assert detail
            folders = [f"{path}/{name}" for name in (".", "..", "x" * 50, "a/b", "")] + ["/etc"]
            found: list[dict[str, object]] = [{"name": f"{path}/1.md", "type": "file", "size": 1, "mtime": 1.0}]
            found += [{"name": name, "type": "directory"} for name in folders]
            return found

        def cat_file(self, path: str, start: int, end: int) -> bytes:
            assert (start, end) == (0, MAX + 1)
            assert path
            return b"x"

    source = storage.Storage("endless://x", Endless(), "/root", SourceError)  # type: ignore[arg-type]
    done = fetch.fetch(source, here, MAX)
    assert set(tree(here)) == {"/".join(["x" * 50] * depth + ["1.md"]) for depth in range(21)}
    assert {fault.reason for fault in done.skipped} == {"expected a name that a file system takes, got a longer one"}


@pytest.mark.parametrize("budget", [0, 1, 3, 5])
def test_a_fetch_that_is_cut_off_is_completed_by_the_next(
    there: Path, here: Path, budget: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (there / "2024-11-10.md").write_text("a", "utf-8")
    (there / "2024-11-09.md").write_text("b", "utf-8")
    monkeypatch.setattr(fetch, "_BATCH", 2)
    with pytest.raises(Cut):
        fetch.fetch(Short(str(there), budget), here, MAX)
    came = tree(here)
    assert len(came) == budget // 2 * 2
    assert came.items() <= tree(there).items()
    (there / "2024-11-09.md").unlink()  # it may have come, and is gone there now
    (there / "2024-11-10.md").write_text("c", "utf-8")
    bring(str(there), here)
    assert tree(here) == tree(there)
    assert not (here / write.STAGING).exists()


def test_a_disk_that_is_full_leaves_what_was_there(there: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bring(str(there), here)
    before = tree(here)
    (there / "2024-11-11.md").write_text("another", "utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OutputError, match="No space left"):
        bring(str(there), here)
    monkeypatch.undo()
    assert tree(here) == before
    bring(str(there), here)
    assert tree(here) == tree(there)


# -- names that strangers chose ------------------------------------------------------------------------------------

HOSTILE = [
    "../out.md",
    "a/../../out.md",
    "..",
    "/etc/out.md",
    "a//out.md",
    "./out.md",
    "a\nb.md",
    "a\x00b.md",
    "\x1b[2J.md",
    "\u202egnp.md",
    "\ud800.md",
    f"{'x' * 256}.md",
    "/".join(["x" * 200] * 6) + "/a.md",
    "good.md/under-a-file.md",
]
SILENT = [".hidden.md", "a/.git/x.md", ".digestfeed-fetched.json", ".staging/x.md", "index.html", "md", ""]


@pytest.mark.parametrize("name", [*HOSTILE, *SILENT])
def test_a_name_that_leads_elsewhere_is_not_let_in(name: str) -> None:
    found, faults = fetch.chosen([Listed("good.md", 1, "x"), Listed(name, 1, "x")], MAX)
    assert [file.path for file in found] == ["good.md"]
    assert len(faults) == (name in HOSTILE and name.endswith(".md"))
    assert all(fault.path.isprintable() for fault in faults)


@pytest.mark.parametrize(
    "name", ["a.md", "2024/11/11.MD", "논문/메모.txt", 'a b\'s "c".md', "a\\b.md", "..a.b/..md.md"]
)
def test_a_name_that_is_only_odd(name: str) -> None:
    found, _ = fetch.chosen([Listed(name, 1, "x")], MAX)
    assert [file.path for file in found] == ([] if name[0] == "." else [name])


class Hostile(storage.Storage):
    """A source that says what it likes."""

    def __init__(self, files: dict[str, bytes], sizes: dict[str, int | None] | None = None) -> None:
        opened = storage.open_storage("memory://x")
        super().__init__("memory://x", opened._files, "", SourceError)
        self.files = files
        self.sizes = sizes or {}

    def listing(self) -> list[Listed]:
        return [Listed(path, self.sizes.get(path, len(data)), "x") for path, data in self.files.items()]

    def _read_start(self, path: str, limit: int) -> bytes | OSError:
        return self.files[path][:limit]


def test_nothing_is_written_outside_the_folder(here: Path, tmp_path: Path) -> None:
    inner = here / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (inner / "link").symlink_to(tmp_path / "outside")
    before = sorted(tmp_path.rglob("*"))
    names = [*HOSTILE, *SILENT, "link/x.md", "link/y/z.md"]
    done = fetch.fetch(Hostile(dict.fromkeys(["good.md", *names], b"x")), inner, MAX)
    assert sorted(set(tmp_path.rglob("*")) - set(before)) == [inner / fetch.MANIFEST, inner / "good.md"]
    assert {"link/x.md", "link/y/z.md"} <= {fault.path for fault in done.skipped}


def test_a_manifest_that_somebody_wrote_removes_nothing_outside(there: Path, here: Path, tmp_path: Path) -> None:
    bring(str(there), here)
    precious = tmp_path / "precious.md"
    precious.write_text("x", "utf-8")
    info = precious.stat()
    manifest = json.loads((here / fetch.MANIFEST).read_text("utf-8"))
    manifest["files"]["../precious.md"] = {"state": "x", "size": info.st_size, "mtime_ns": info.st_mtime_ns}
    (here / fetch.MANIFEST).write_text(json.dumps(manifest), "utf-8")
    bring(str(there), here)
    assert precious.exists()


def test_a_digest_without_end_is_not_let_in(here: Path) -> None:
    files = {"told.md": b"x" * (MAX + 1), "lied.md": b"x" * 10 * MAX, "untold.md": b"y" * MAX, "empty.md": b""}
    done = fetch.fetch(Hostile(files, {"lied.md": 5, "untold.md": None}), here, MAX)
    assert tree(here) == {"untold.md": files["untold.md"], "empty.md": b""}
    assert {fault.path for fault in done.skipped} == {"told.md", "lied.md"}


def test_a_digest_that_grew_too_large_stays_as_it_was(there: Path, here: Path) -> None:
    bring(str(there), here)
    before = tree(here)
    (there / "2024-11-11.md").write_bytes(b"x" * (MAX + 1))
    done = bring(str(there), here)
    assert tree(here) == before
    assert [fault.path for fault in done.skipped] == ["2024-11-11.md"]


# -- the command ---------------------------------------------------------------------------------------------------


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["fetch", *arguments])


def test_the_command_says_what_it_did(there: Path, tmp_path: Path) -> None:
    target = tmp_path / "digests"
    ended = run(str(there), str(target))
    assert (ended.exit_code, ended.output) == (0, "4 digests fetched (0.0 MB), 0 removed, 0 as they were\n")
    assert run(str(there), str(target), "-q").output == ""
    (target / "new.md").write_text("mine", "utf-8")
    (there / "new.md").write_text("theirs", "utf-8")
    ended = run(str(there), str(target), "-q")
    assert ended.exit_code == 0
    assert ended.output.startswith(f"{there}: new.md: expected no other file")


def test_what_goes_wrong_is_one_line(there: Path, tmp_path: Path) -> None:
    target = tmp_path / "digests"
    for source, code in (("nowhere://x/", 1), (str(tmp_path / "none"), 1), ("s3://", 1)):
        ended = run(source, str(target))
        assert ended.exit_code == code
        assert ended.output.startswith("digestfeed: ")
        assert ended.output.count("\n") == 1
    with write.Lock(target):
        assert run(str(there), str(target)).exit_code == 75


@pytest.mark.parametrize("password", ["secret", "my@secret", ":secret:"])
def test_a_password_is_not_told(tmp_path: Path, password: str) -> None:
    ended = run(f"nowhere://me:{password}@x/y", str(tmp_path / "digests"))
    assert "nowhere://me@x/y" in ended.output
    assert "secret" not in ended.output


@pytest.mark.parametrize("inside", ["", "digests"])
def test_nothing_is_fetched_from_around_the_folder(tmp_path: Path, inside: str) -> None:
    """Each fetch would find what the last one brought."""
    (tmp_path / "2024-11-11.md").write_text("x", "utf-8")
    ended = run(str(tmp_path), str(tmp_path / inside))
    assert ended.exit_code == 2
    assert "each fetch would bring what the last one brought" in ended.output
    assert [path.name for path in tmp_path.iterdir()] == ["2024-11-11.md"]


def test_what_a_build_would_say_of_its_folder_is_not_said_of_a_source(tmp_path: Path) -> None:
    """That it is missing has other causes, and another cure."""
    (tmp_path / "digests").mkdir()
    ended = run(str(tmp_path / "nowhere"), str(tmp_path / "digests"))
    assert ended.output.startswith(f"digestfeed: {tmp_path / 'nowhere'}: cannot be listed: ")
    assert ";" not in ended.output


# -- S3 and SFTP, by real servers ----------------------------------------------------------------------------------


def test_from_s3(there: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with places.s3(monkeypatch) as bucket:
        import s3fs

        files = s3fs.S3FileSystem(skip_instance_cache=True)
        for path, data in tree(there).items():
            files.pipe_file(f"papers/digests/{path}", data)
        files.pipe_file("papers/digests/empty.md", b"")
        url = f"{bucket}/digests"
        assert counts(bring(url, here)) == (5, 0, 0)
        assert tree(here) == {**tree(there), "empty.md": b""}
        assert counts(bring(url, here)) == (0, 0, 5)
        files.pipe_file("papers/digests/2024-11-11.md", b"another")
        files.rm_file("papers/digests/empty.md")
        assert counts(bring(url, here)) == (1, 1, 3)
        assert (here / "2024-11-11.md").read_bytes() == b"another"

        before = tree(here)
        for name in ("../x.md", "a/../../x.md", "/etc/x.md", "a//x.md", ".hidden.md", "folder/"):
            files.call_s3("put_object", Bucket="papers", Key=f"digests/{name}", Body=b"hostile")
        done = bring(url, here)
        assert tree(here) == before
        assert counts(done) == (0, 0, 4)
        assert len(done.skipped) >= 4
        files.rm("papers/digests", recursive=True)
        with pytest.raises(SourceError):
            bring(url, here)
        assert tree(here) == before


def test_from_an_s3_that_does_not_answer(here: Path, there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with places.s3(monkeypatch) as bucket:
        import s3fs

        s3fs.S3FileSystem(skip_instance_cache=True).pipe_file("papers/digests/a.md", b"x")
        bring(f"{bucket}/digests", here)
        for wrong in ("s3://papers-not/digests", f"{bucket}/not"):
            shutil.copytree(here, there / wrong[-3:])
            with pytest.raises(SourceError):
                bring(wrong, there / wrong[-3:] / "below")
    s3fs.S3FileSystem.clear_instance_cache()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{places.free_port()}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(SourceError):
        bring("s3://papers/digests", here)
    assert tree(here) == {"a.md": b"x"}


def test_from_sftp(there: Path, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with places.sftp(tmp_path, monkeypatch) as host:
        (there / "link.md").symlink_to("/etc/hostname")
        (there / "empty.md").write_bytes(b"")
        done = bring(f"{host}{there}", here)
        assert counts(done) == (5, 0, 0)
        (there / "link.md").unlink()
        assert tree(here) == tree(there)
        (there / "2024-11-11.md").write_text("제목: 다시\n", "utf-8")
        (there / "empty.md").unlink()
        assert counts(bring(f"{host}{there}", here)) == (1, 1, 3)
        assert tree(here) == tree(there)
        with pytest.raises(SourceError, match="cannot be listed"):
            bring(f"{host}{there}/none", tmp_path / "other")
