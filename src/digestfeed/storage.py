"""Places elsewhere: a folder, S3-compatible storage, SFTP, whatever fsspec reaches, by a URL or a path.

Owns fsspec and its quirks, and that a file there is whole or not there; refuses knowing what the files are.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Protocol, TypeVar

import msgspec

from digestfeed.errors import OutputError, SourceError

T = TypeVar("T")
Info = Mapping[str, object]

_PARTIAL = ".digestfeed-partial"
_DEEPEST = 4096  # characters of a path: a hostile server might list folders in folders for ever
_THREADS = 16  # requests under way to storage that answers each by itself


class FileSystem(Protocol):
    """What is asked of a file system of fsspec."""

    async_impl: bool

    def cat_file(self, path: str, start: int | None = None, end: int | None = None) -> bytes:
        """Give a file's bytes, or a part of them."""

    def pipe_file(self, path: str, value: bytes, **kwargs: str) -> None:
        """Write a file."""

    def rm_file(self, path: str) -> None:
        """Remove a file."""

    def mv(self, path1: str, path2: str) -> None:
        """Rename a file, over one that is there."""

    def makedirs(self, path: str, *, exist_ok: bool) -> None:
        """Make a folder and those above it."""

    def find(self, path: str, *, detail: bool) -> Mapping[str, Info]:
        """List the files below a folder, with what is known of each."""

    def ls(self, path: str, *, detail: bool) -> Sequence[Info]:
        """List what is directly in a folder, with what is known of each."""

    def invalidate_cache(self) -> None:
        """Forget what was listed before."""


class Listed(msgspec.Struct, frozen=True):
    """A file: its path below the place, its size in bytes, and its state, which changes whenever the file does.

    A size or a state that the storage does not tell is None.
    """

    path: str
    size: int | None
    state: str | None


def open_storage(url: str, kind: type[OutputError | SourceError] = OutputError) -> Storage:
    """Open the storage that a URL or a path names; what goes wrong with it is an error of this kind.

    Raises:
        OutputError, SourceError: the library for it is missing, or it does not answer.
    """
    shown = _PASSWORD.sub(r"\1@", url)
    try:
        import fsspec  # noqa: PLC0415 -- an extra

        if url.startswith(("sftp:", "ssh:")):
            _register_sftp()
        files, root = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise kind(shown, f"{error}; pip install 'digestfeed[publish]' brings what is needed") from error
    except Exception as error:  # each kind of storage has errors of its own
        raise kind(shown, _said("cannot be opened", error)) from error
    return Storage(shown, files, root, kind)


_PASSWORD = re.compile(r"(//[^/@:]*):[^/]*@")  # of a URL, up to the last @: one of its own may be in it


@cache
def _register_sftp() -> None:
    """Let SFTP know hosts as `ssh` does: fsspec's own takes the key of whoever answers for the host's."""
    import fsspec  # noqa: PLC0415
    import paramiko  # type: ignore[import-untyped]  # noqa: PLC0415
    from fsspec.implementations.sftp import SFTPFileSystem  # noqa: PLC0415

    class KnownHosts(SFTPFileSystem):  # type: ignore[misc]
        def _connect(self) -> None:
            self.client = paramiko.SSHClient()
            self.client.load_system_host_keys()
            self.client.set_missing_host_key_policy(paramiko.RejectPolicy())
            self.client.connect(self.host, **self.ssh_kwargs)
            self.ftp = self.client.open_sftp()

    fsspec.register_implementation("sftp", KnownHosts, clobber=True)
    fsspec.register_implementation("ssh", KnownHosts, clobber=True)


class Storage:
    """A place for files, by their paths below it; `url` names it for people, without a password."""

    def __init__(self, url: str, files: FileSystem, root: str, kind: type[OutputError | SourceError]) -> None:
        self.url = url
        self._files = files
        self._root = root.rstrip("/")
        self._kind = kind
        module = type(files).__module__.partition(".")[0]
        self._is_objects = module in {"s3fs", "gcsfs", "adlfs"}  # whole or not at all, with headers, and no folders
        self._threads = _THREADS if files.async_impl else 1
        self._folders: set[str] = set()

    def listing(self) -> list[Listed]:
        """List the regular files, in order of path; all that is promised of a name is that it is below the place.

        Raises:
            OutputError, SourceError: not all of it can be listed.
        """
        try:
            self._files.invalidate_cache()
            found = list(self._all() if self._is_objects else self._walk())
        except Exception as error:
            raise self._fault("cannot be listed", error) from error
        inside = f"{self._root}/"
        return sorted(
            (
                _listed(name.removeprefix(inside), info)
                for info in found
                if (name := str(info["name"])).startswith(inside) and info.get("type") == "file"
            ),
            key=lambda file: file.path,
        )

    def _all(self) -> Iterator[Info]:
        """Go over all objects below the place; there are no folders, so nothing to pass over."""
        yield from self._files.find(self._root, detail=True).values()

    def _walk(self) -> Iterator[Info]:
        """Go over all files below the place, but not into hidden folders, nor where a link leads.

        `find` of fsspec takes a folder that cannot be listed for an empty one, and what was in it would be removed.
        """
        pending = [self._root]
        while pending:
            folder = pending.pop()
            for info in self._files.ls(folder, detail=True):
                path = str(info["name"]).rstrip("/")
                name = path.removeprefix(f"{folder}/")
                if info.get("type") != "directory":
                    yield info
                elif not name.startswith(".") and "/" not in name and len(path) < _DEEPEST:
                    pending.append(path)

    def read(self, path: str) -> bytes | None:
        """Give a file's bytes; None where it is not there.

        Raises:
            OutputError, SourceError: the storage does not answer.
        """
        try:
            return self._files.cat_file(self._place(path))
        except FileNotFoundError:
            return None
        except Exception as error:
            raise self._fault(f"cannot read {path}", error) from error

    def read_each(self, paths: Sequence[str], limit: int) -> list[bytes | OSError]:
        """Give at most so many bytes of each file, or why it cannot be read: it is gone, or access is denied.

        Raises:
            OutputError, SourceError: the storage does not answer.
        """
        return self._each(self._read_start, [(path, limit) for path in paths])

    def put(self, files: Sequence[tuple[str, bytes]], headers: Callable[[str], dict[str, str]] | None = None) -> None:
        """Put files, each whole or not at all, several at a time where the storage allows.

        Args:
            files: path and bytes of each.
            headers: gives the headers to answer a path with, where the storage is a web server too.

        Raises:
            OutputError, SourceError: one of them cannot be written.
        """
        self._each(self._put, [(path, data, headers(path) if headers else {}) for path, data in files])

    def remove(self, paths: Sequence[str]) -> None:
        """Remove files; those that are gone already are no fault.

        Raises:
            OutputError, SourceError: one of them cannot be removed.
        """
        self._each(self._remove, [(path,) for path in paths])

    def _each(self, function: Callable[..., T], calls: Sequence[tuple[object, ...]]) -> list[T]:
        with ThreadPoolExecutor(self._threads) as pool:
            return [done.result() for done in [pool.submit(function, *call) for call in calls]]

    def _read_start(self, path: str, limit: int) -> bytes | OSError:
        try:
            return self._files.cat_file(self._place(path), start=0, end=limit)
        except (FileNotFoundError, PermissionError) as error:
            return error
        except Exception as error:
            raise self._fault(f"cannot read {path}", error) from error

    def _put(self, path: str, data: bytes, headers: dict[str, str]) -> None:
        place = self._place(path)
        try:
            if self._is_objects:
                self._files.pipe_file(place, data, **headers)
                return
            folder = place.rpartition("/")[0]
            if folder not in self._folders:
                self._files.makedirs(folder, exist_ok=True)
                self._folders.add(folder)
            self._files.pipe_file(place + _PARTIAL, data)
            self._files.mv(place + _PARTIAL, place)
        except Exception as error:
            raise self._fault(f"cannot write {path}", error) from error

    def _remove(self, path: str) -> None:
        try:
            self._files.rm_file(self._place(path))
        except FileNotFoundError:
            pass
        except Exception as error:
            raise self._fault(f"cannot remove {path}", error) from error

    def _place(self, path: str) -> str:
        return f"{self._root}/{path}"

    def _fault(self, what: str, error: Exception) -> OutputError | SourceError:
        return self._kind(self.url, _said(what, error))


# What kinds of storage call a file's state; the surest first.
_STATES = ("ETag", "etag", "md5Hash", "content_md5", "mtime", "LastModified", "last_modified", "updated")


def _listed(path: str, info: Info) -> Listed:
    size = info.get("size")
    told = next((info[name] for name in _STATES if info.get(name)), None)
    state = told.isoformat() if isinstance(told, dt.datetime) else told
    return Listed(path, size if isinstance(size, int) else None, None if state is None else f"{size} {state}")


def _said(what: str, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{what}: {' '.join(reason.split()) or type(error).__name__}"
