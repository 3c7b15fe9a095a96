"""digestfeed: feeds and an archive from a folder of daily AI paper digests."""

__version__ = "0.1.0"
