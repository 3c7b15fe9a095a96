"""What can end a run.

    DigestFeedError          base: the message is one sentence for the terminal
    ├── ConfigError          the config cannot be used; names the file and the key
    ├── SourceError          the digests folder, or the place to fetch from, is missing or cannot be read
    ├── BusyError            another run is using the same output, catalog or digests folder
    ├── RefusedError         publishing would lose papers, or --strict found problems
    └── OutputError          the output or the catalog cannot be written

Faults in the data are no exceptions but values (`model.Problem`).  Owns the sentences and the exit codes;
refuses printing and exiting.
"""

from __future__ import annotations


class DigestFeedError(Exception):
    """A run that can build nothing useful.  `exit_code` is what the command line ends with."""

    exit_code = 1

    def __reduce__(self) -> tuple[object, ...]:
        # By itself an exception is unpickled with its sentence for all arguments, and a process of ours that fails
        # could not say why: its pool would break instead.
        return _again, (type(self), str(self), vars(self))


def _again(kind: type[DigestFeedError], sentence: str, values: dict[str, object]) -> DigestFeedError:
    error = kind.__new__(kind, sentence)
    vars(error).update(values)
    return error


class ConfigError(DigestFeedError):
    """The config file cannot be read, is no TOML, or has a key that cannot be used; or a template is at fault.

    `is_unread`: the config file itself is missing, or cannot be read.
    """

    exit_code = 2

    def __init__(self, path: str, reason: str, *, is_unread: bool = False) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.is_unread = is_unread


class SourceError(DigestFeedError):
    """The digests folder, or the place to fetch from, is missing or cannot be read.

    `is_missing`: there is no such digests folder, or it is a file.
    """

    def __init__(self, path: str, reason: str, *, is_missing: bool = False) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.is_missing = is_missing


class BusyError(DigestFeedError):
    """Another run is using the same output, catalog or digests folder (EX_TEMPFAIL of sysexits.h)."""

    exit_code = 75

    def __init__(self, path: str) -> None:
        super().__init__(f"another run is using {path}; nothing was touched")
        self.path = path


class RefusedError(DigestFeedError):
    """The build could publish and will not: papers would vanish by accident, or `--strict` found problems."""

    def __init__(self, reason: str, way_out: str) -> None:
        super().__init__(f"{reason}; the output is as before. {way_out}")


class OutputError(DigestFeedError):
    """The output folder or the catalog cannot be written."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
