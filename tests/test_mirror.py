"""Publishing elsewhere: only what changed, in an order that breaks no link, and nothing but what was put there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from digestfeed import mirror, storage, write
from digestfeed.cli import main
from digestfeed.errors import OutputError
from tests import places

pytest.importorskip("fsspec")

ROOT = Path(__file__).parents[1]
PUBLISHED = mirror.MANIFEST


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = ["build", str(ROOT / "digests"), "-o", str(folder / "out"), "--catalog", str(folder / "c.sqlite3"), "-q"]
    assert CliRunner().invoke(main, command).exit_code == 0
    return folder / "out"


@pytest.fixture
def out(site: Path, tmp_path: Path) -> Path:
    """A copy of a site, to be changed."""
    return Path(shutil.copytree(site, tmp_path / "out"))


def publish(out: Path, target: str) -> mirror.Mirrored:
    return mirror.mirror(out, storage.open_storage(target))


def tree(folder: Path) -> dict[str, bytes]:
    return {path: (folder / path).read_bytes() for path in write.walk(folder)}


# -- a folder ------------------------------------------------------------------------------------------------------


def test_a_target_becomes_the_output(out: Path, tmp_path: Path) -> None:
    done = publish(out, str(tmp_path / "www"))
    assert tree(tmp_path / "www") == tree(out)
    assert (done.sent, done.unchanged, done.removed) == (len(tree(out)), 0, 0)
    assert not list((tmp_path / "www").rglob("*partial*"))


def test_only_what_changed_is_sent(out: Path, tmp_path: Path) -> None:
    publish(out, str(tmp_path / "www"))
    before = {path: (tmp_path / "www" / path).stat().st_mtime_ns for path in tree(out)}
    (out / "index.html").write_bytes(b"<p>new")
    (out / "status.json").touch()  # as it was
    done = publish(out, str(tmp_path / "www"))
    after = {path: (tmp_path / "www" / path).stat().st_mtime_ns for path in tree(out)}
    assert (done.sent, done.bytes) == (1, 6)
    assert {path for path in after if after[path] != before[path]} == {"index.html"}
    assert publish(out, str(tmp_path / "www")).sent == 0


def test_what_is_no_longer_made_goes_and_what_is_foreign_stays(out: Path, tmp_path: Path) -> None:
    www = tmp_path / "www"
    (www / "papers").mkdir(parents=True)
    (www / "papers" / "mine.html").write_text("mine", "utf-8")
    publish(out, str(www))
    (out / "404.html").unlink()
    (www / "robots.txt").unlink()
    (out / "robots.txt").unlink()  # gone at both ends
    done = publish(out, str(www))
    assert (done.sent, done.removed) == (0, 2)
    assert not (www / "404.html").exists()
    assert (www / "papers" / "mine.html").read_text("utf-8") == "mine"


@pytest.mark.parametrize("inside", ["", "www", "assets/../www"])
def test_nothing_is_published_into_itself(out: Path, inside: str) -> None:
    """A target that was forgotten is the likely cause."""
    before = tree(out)
    ended = CliRunner().invoke(main, ["publish", str(out / inside), str(out)])
    assert ended.exit_code == 2
    assert "the site would be published into itself" in ended.output
    assert tree(out) == before
    assert not (out / PUBLISHED).exists()


def test_a_folder_that_cannot_be_listed_is_not_gone(out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor are its files; one in which nothing of the site is does no harm."""
    www = tmp_path / "www"
    publish(out, str(www))
    before = tree(www)
    (out / "lost+found").mkdir()
    closed = {str(out / "lost+found")}
    listed = os.scandir

    def scandir(path: str) -> object:
        if os.fspath(path) in closed:
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert publish(out, str(www)).removed == 0
    closed.add(str(next((out / "papers").iterdir())))
    with pytest.raises(OutputError, match=r"/papers/\w+: cannot be listed: Permission denied"):
        publish(out, str(www))
    closed.clear()
    assert tree(www) == before


def test_nothing_of_an_empty_output(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "www").mkdir()
    with pytest.raises(OutputError, match="expected a built site"):
        publish(tmp_path / "out", str(tmp_path / "www"))
    assert list((tmp_path / "www").iterdir()) == []


class Cut(Exception):  # noqa: N818
    """The line that goes down."""


class Short(storage.Storage):
    """A target whose line goes down after some files; tells what arrived."""

    def __init__(self, url: str, budget: int) -> None:
        opened = storage.open_storage(url)
        super().__init__(url, opened._files, opened._root, OutputError)
        self.budget = budget
        self.order: list[str] = []

    def _put(self, path: str, data: bytes, headers: dict[str, str]) -> None:
        if self.budget == 0:
            raise Cut
        self.budget -= 1
        super()._put(path, data, headers)
        self.order.append(path)


def test_what_is_linked_to_is_there_before_what_links_to_it(out: Path, tmp_path: Path) -> None:
    target = Short(str(tmp_path / "www"), -1)
    mirror.mirror(out, target)
    first, *sent, last = target.order
    assert first == last == PUBLISHED
    assert sent[-1] == "status.json"
    place = {path: number for number, path in enumerate(sent)}
    for feed in (path for path in sent if path.endswith(("atom.xml", "rss.xml", "feed.json"))):
        others = [path for path in sent if path.startswith(("papers/", "assets/")) or "archive/" in path]
        assert place[feed] > max(place[path] for path in others)
    assert [mirror.turn(path) for path in sent] == sorted(mirror.turn(path) for path in sent)


@pytest.mark.parametrize("budget", [0, 1, 2, 40, 150])
def test_a_publication_that_is_cut_off_is_completed_by_the_next(out: Path, tmp_path: Path, budget: int) -> None:
    www = tmp_path / "www"
    with pytest.raises(Cut):
        mirror.mirror(out, Short(str(www), budget))
    removed = next(path for path in tree(out) if path.startswith("papers/"))
    (out / removed).unlink()  # what may have been sent, and is not made any more
    publish(out, str(www))
    assert tree(www) == tree(out)


def test_a_manifest_that_is_none_is_refused(out: Path, tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / PUBLISHED).write_text("{", "utf-8")
    with pytest.raises(OutputError, match="expected what digestfeed wrote"):
        publish(out, str(tmp_path / "www"))


@pytest.mark.parametrize("target", ["nowhere://x/", "s3://", "/dev/null/www"])
def test_a_target_that_cannot_be_used_is_one_line(site: Path, target: str) -> None:
    ended = CliRunner().invoke(main, ["publish", target, str(site)])
    assert ended.exit_code == 1
    assert ended.output.startswith("digestfeed: ")
    assert ended.output.count("\n") == 1


def test_a_build_that_runs_is_waited_for_by_nobody(site: Path, tmp_path: Path) -> None:
    with write.Lock(site):
        assert CliRunner().invoke(main, ["publish", str(tmp_path / "www"), str(site)]).exit_code == 75
    assert CliRunner().invoke(main, ["publish", str(tmp_path / "www"), str(site), "-q"]).output == ""


# -- S3 and SFTP, by real servers ----------------------------------------------------------------------------------


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with places.s3(monkeypatch) as url:
        yield f"{url}/site"


def test_s3_gets_the_output_with_its_headers(out: Path, bucket: str) -> None:
    import s3fs

    publish(out, bucket)
    storage = s3fs.S3FileSystem(skip_instance_cache=True)
    there = {str(path).removeprefix("papers/site/") for path in storage.find("papers/site")}
    assert there == {*tree(out), PUBLISHED}
    assert storage.cat_file("papers/site/feeds/all/atom.xml") == (out / "feeds/all/atom.xml").read_bytes()
    for path, kind, cache in (
        ("feeds/all/atom.xml", "application/atom+xml; charset=utf-8", "max-age=3600"),
        ("feeds/all/feed.json", "application/feed+json", "max-age=3600"),
        ("index.html", "text/html; charset=utf-8", "max-age=600"),
        ("status.json", "application/json; charset=utf-8", "no-cache"),
        ("assets/style.css", "text/css; charset=utf-8", "max-age=3600"),
    ):
        head = storage.call_s3("head_object", Bucket="papers", Key=f"site/{path}")
        assert (head["ContentType"], head["CacheControl"]) == (kind, cache), path
    (out / "404.html").unlink()
    (out / "index.html").write_bytes(b"<p>new")
    done = publish(out, bucket)
    assert (done.sent, done.removed) == (1, 1)
    storage.invalidate_cache()
    assert not storage.exists("papers/site/404.html")


@pytest.fixture
def sftp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with places.sftp(tmp_path, monkeypatch) as url:
        yield f"{url}{tmp_path}/www"


def test_sftp_gets_the_output(out: Path, sftp: str, tmp_path: Path) -> None:
    publish(out, sftp)
    assert tree(tmp_path / "www") == tree(out)
    (out / "index.html").write_bytes(b"<p>new")
    (out / "404.html").unlink()
    done = publish(out, sftp)
    assert (done.sent, done.removed) == (1, 1)
    assert tree(tmp_path / "www") == tree(out)


@pytest.mark.parametrize("known", ["", "another host's"])
def test_a_host_that_is_not_known_gets_nothing(known: str, site: Path, sftp: str, tmp_path: Path) -> None:
    """As `ssh` does it: whoever else answers at that address is given neither a file nor a password."""
    hosts = tmp_path / "home" / ".ssh" / "known_hosts"
    other = (tmp_path / "keys" / "user.pub").read_text("utf-8")
    hosts.write_text(f"{hosts.read_text('utf-8').split(' ')[0]} {other}" if known else "", "utf-8")
    ended = CliRunner().invoke(main, ["publish", sftp, str(site)])
    assert ended.exit_code == 1
    assert "cannot be opened" in ended.output
    assert ("does not match" if known else "not found in known_hosts") in ended.output
    assert ended.output.count("\n") == 1
    assert not (tmp_path / "www").exists()
