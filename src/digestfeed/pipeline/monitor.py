"""What a monitor asks of a site: whether digests still come.  A status has no clock, so the caller gives the day."""

from __future__ import annotations

import datetime as dt

import msgspec

from digestfeed.errors import OutputError


class Seen(msgspec.Struct, frozen=True):
    """What the last build saw, as its `status.json` says; `newest_digest` is None where no digest has a date."""

    digests: int
    papers: int
    newest_digest: dt.date | None
    problems_by_kind: dict[str, int]

    @property
    def problems(self) -> int:
        """How many problems there are."""
        return sum(self.problems_by_kind.values())

    def age(self, today: dt.date) -> int | None:
        """Give how many days old the newest digest is; None where there is none."""
        return None if self.newest_digest is None else (today - self.newest_digest).days

    def is_stale(self, today: dt.date, max_age: int) -> bool:
        """Tell whether the newest digest is older than so many days, or there is none."""
        age = self.age(today)
        return age is None or age > max_age


def seen(path: str, status: bytes) -> Seen:
    """Read a `status.json`, of this or another version.

    Args:
        path: the file's name, for the message.
        status: its bytes.

    Raises:
        OutputError: it is no status.
    """
    try:
        return msgspec.json.decode(status, type=Seen)
    except msgspec.DecodeError as error:
        raise OutputError(path, f"expected the status of a build, got something else: {error}") from error
