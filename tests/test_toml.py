"""Where a key stands: by examples, and for any tables that are written out."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestfeed.toml import line_of

TEXT = """\
title = "a [b] = c"   # 1
'quoted key' = 2
feeds.latest = 3

[fields.robotics]
aliases = [
  "팔",
]

[[channels]]
slug = "one"
[[channels]]          # 12
"min_votes" = 3
[channels.more]
deep = 1
inline = { x = 1 }
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (["title"], 1),
        (["quoted key"], 2),
        (["feeds", "latest"], 3),
        (["feeds", "latest", 0], 3),
        (["fields", "robotics"], 5),
        (["fields", "robotics", "aliases", 0], 6),
        (["fields", "robotics", "unknown"], 5),
        (["channels", 0, "slug"], 11),
        (["channels", 1, "min_votes"], 13),
        (["channels", 1, "title"], 12),
        (["channels", 1, "more", "deep"], 15),
        (["channels", 1, "more", "inline", "x"], 16),
        (["channels", 2], 0),
        (["nowhere"], 0),
        ([], 0),
    ],
)
def test_a_key_is_found(path: list[str | int], line: int) -> None:
    assert tomllib.loads(TEXT)
    assert line_of(TEXT, path) == line


NAMES = st.lists(st.sampled_from(["a", "b-c", "d_e", "한 글", "f.g"]), unique=True, min_size=1, max_size=4)


@given(tables=st.dictionaries(st.sampled_from(["t", "u v", "w"]), NAMES, max_size=3), padding=st.integers(0, 3))
def test_each_key_is_on_its_line(tables: dict[str, list[str]], padding: int) -> None:
    """Whatever tables there are: each key is where it was written."""
    lines: list[str] = []
    placed = []
    for table, keys in tables.items():
        lines += [""] * padding + [f'["{table}"]']
        for key in keys:
            lines.append(f'"{key}" = 1')
            placed.append(([table, key], len(lines)))
    text = "\n".join(lines)
    tomllib.loads(text)
    assert [line_of(text, path) for path, _ in placed] == [line for _, line in placed]
