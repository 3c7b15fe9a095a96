"""`completion`, and what a shell is offered that only digestfeed knows.

Click makes the scripts and answers them.  Owns what it cannot know: the ids of papers, and that `--strict` takes its
value behind a `=` only; and mends how shells pass on words and values with a `=` or a comma in them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from digestfeed.cli.options import with_strict

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem, ShellComplete

_SHELLS = ("bash", "zsh", "fish")
_OUT = Path("out")
_PAPERS = "papers"
_MANY = 500
"""Ids that are offered at most; nobody reads more."""


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> None:
    """Print a script that lets SHELL complete what you type, to be read when it starts (`source`)."""
    from click.shell_completion import get_completion_class

    from digestfeed.cli import COMPLETE, main

    mend_shells()
    maker = get_completion_class(shell)
    assert maker is not None  # noqa: S101 -- the choice above
    click.echo(maker(main, {}, "digestfeed", COMPLETE).source(), nl=False)


# -- ids of papers ----------------------------------------------------------------------------------------------


class PaperId(click.ParamType):  # type: ignore[type-arg]  # generic in new versions of click alone
    """A paper's id, as any text: the command says so if no digest has it."""

    name = "id"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002
        """Give it as it is."""
        return str(value)

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 -- the base's
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem[str]]:
        """Offer the papers of the site in `out`, if it is built."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(key) for key in paper_ids(_OUT, incomplete)]


def paper_ids(out: Path, begun: str) -> list[str]:
    """Give the ids of papers in a site that begin so, in order; where those are of several months, the months.

    It reads names of one folder or two and no page, so that a shell need not wait: of `papers/2412/2412.17743.html`
    the month and the id.  `urls.paper_path` is what makes these names.
    """
    from digestfeed.cli.hints import names_in

    starts = {folder: _start(folder) for folder in names_in(out / _PAPERS)}
    near = [folder for folder, start in starts.items() if start.startswith(begun) or begun.startswith(start)]
    if len(near) != 1:
        return [starts[folder] for folder in near][:_MANY]
    folder = near[0]
    before = starts[folder] if not folder.isdecimal() else ""
    names = (name.removesuffix(".html") for name in names_in(out / _PAPERS / folder) if name.endswith(".html"))
    return [key for name in names if (key := before + name).startswith(begun)][:_MANY]


def _start(folder: str) -> str:
    """How the ids of the papers in a folder begin."""
    if folder == "items":
        return "item-"
    return f"{folder}." if folder.isdecimal() else f"{folder}/"


# -- shells -----------------------------------------------------------------------------------------------------


def mend_shells() -> None:
    """Let click's shells pass on words as digestfeed means them."""
    from click.shell_completion import BashComplete, FishComplete, ZshComplete, add_completion_class

    for base in (BashComplete, ZshComplete, FishComplete):
        add_completion_class(_mended(base))


def _mended(base: type[ShellComplete]) -> type[ShellComplete]:
    class Mended(base):  # type: ignore[valid-type,misc]
        # Fish's script takes what stands between two commas for all of a value.
        source_template = base.source_template.replace('string split ","', 'string split --max 1 ","')

        def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
            *args, incomplete = joined([*args, incomplete])
            name, equals, _ = incomplete.partition("=")
            found: list[CompletionItem[str]] = super().get_completions(with_strict(args), incomplete)
            # Bash takes what stands behind a `=` for a word of its own, the others for a part of one.
            if self.name != "bash" and equals and name.startswith("--"):
                for item in found:
                    item.value = f"{name}={item.value}" if item.type == "plain" else item.value
            return found

    return Mended


def joined(words: list[str]) -> list[str]:
    """Join what bash takes apart: `--strict`, `=` and `D012` are one word."""
    found: list[str] = []
    for word in words:
        last = found[-1] if found else ""
        if last.startswith("--") and (word == "=" if "=" not in last else last.endswith("=")):
            found[-1] = last + word
        else:
            found.append(word)
    return found
