"""What every renderer needs beside the papers: the config, the URLs and the names of fields."""

from __future__ import annotations

import msgspec

from digestfeed.config import Config
from digestfeed.model import Moment
from digestfeed.urls import Urls


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Fixed for a build, picklable.

    `field_names` maps each slug to the field's name in the site's language; `version` is the program's.
    `templates` are the operator's own, name → text, which go before those of the package.
    """

    config: Config
    field_names: dict[str, str]
    version: str
    templates: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def urls(self) -> Urls:
        """The URLs of this site."""
        return Urls(self.config.base_url, self.config.id_authority)


class FeedHead(msgspec.Struct, frozen=True, kw_only=True):
    """What a feed document says of itself.

    `self_url` is the document's own address (that of the channel it stands for, where it stands for one);
    `page_url` the channel's page for people; `updated` the newest `updated` of its entries, None when it has
    none.  An archive document (RFC 5005, section 4) has `current_url`, the subscription document it belongs to.
    """

    slug: str
    feed_id: str
    title: str
    description: str
    self_url: str
    page_url: str
    updated: Moment | None
    prev_archive: str | None = None
    next_archive: str | None = None
    current_url: str | None = None

    @property
    def is_archive(self) -> bool:
        """Whether this is an archive document."""
        return self.current_url is not None
