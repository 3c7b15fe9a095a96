"""Write docs/commands.md from the commands' own help, so that it cannot drift.

python tools/write_commands.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from digestfeed.cli import main as group

DOCS = Path(__file__).parents[1] / "docs"
WIDTH = 100
HEAD = """\
# Commands

What each prints on stdout is data, on stderr talk. Colour comes on a terminal only, and never where
[`NO_COLOR`](https://no-color.org/) is set; your shell can [complete](howto/completion.md) what you type.

| exit | meaning |
|---|---|
| 0 | done; problems in digests are warnings |
| 1 | failed or refused, the output is as before; also `check` with problems |
| 2 | wrong usage or config; nothing was touched |
| 75 | another run is using the same output, catalog or digests folder; nothing was touched |
| 129, 130, 143 | ended by a closed terminal, Ctrl-C or `kill`; the next build completes what this one began |

<!-- Written by tools/write_commands.py from the commands' own help; change that. -->
"""


def reference() -> str:
    """Give the page: a section a command."""
    return "\n".join([HEAD, *_sections()])


def _sections() -> Iterator[str]:
    top = click.Context(group, info_name="digestfeed", **group.context_settings)
    for name in group.list_commands(top):
        command = group.get_command(top, name)
        if command is None or command.hidden:
            continue
        context = click.Context(command, info_name=name, parent=top, terminal_width=WIDTH, max_content_width=WIDTH)
        yield f"## {name}\n\n```text\n{command.get_help(context)}\n```\n"


def main() -> None:
    """Write the page."""
    (DOCS / "commands.md").write_text(reference(), "utf-8")


if __name__ == "__main__":
    main()
