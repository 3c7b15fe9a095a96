"""Hostile digests as data: texts, URLs, names, bytes, files and growing texts, with what must become of them."""
