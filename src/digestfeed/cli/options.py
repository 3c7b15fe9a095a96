"""Options and arguments that commands share, and the types of their values, with what a shell offers for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digestfeed.config import CONFIG_NAME
from digestfeed.problems import select as codes_of

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    Offers = list[CompletionItem[str]]

Decorator = Callable[[Callable[..., None]], Callable[..., None]]

PATH = click.Path(path_type=Path, readable=False)
"""A file; whoever reads it tells if it cannot be read."""


class Folder(click.Path):
    """A folder, for which a shell offers folders; whoever uses it tells if it is none."""

    def __init__(self, path_type: type[Path | str] = Path) -> None:
        super().__init__(path_type=path_type, readable=False)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Offers:  # noqa: ARG002
        """Leave it to the shell, which knows about folders."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="dir")]


class Codes(click.ParamType):  # type: ignore[type-arg]  # generic in new versions of click alone
    """Problems by code or kind, separated by commas: `D012,bad-link`."""

    name = "codes"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[str]:
        """Give the codes; wrong usage where one of them is neither a code nor a kind."""
        if isinstance(value, frozenset):
            return value
        try:
            return codes_of(str(value).replace(" ", "").split(","))
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Offers:  # noqa: ARG002
        """Offer what may stand behind the last comma: codes, or kinds where one is begun."""
        from click.shell_completion import CompletionItem

        from digestfeed.problems import ENTRIES

        before, comma, begun = incomplete.rpartition(",")
        given = {part.casefold() for part in before.split(",")}
        return [
            CompletionItem(before + comma + name, help=help_)
            for name, help_ in _offers(begun, ((entry.code, entry.kind, entry.meaning) for entry in ENTRIES))
            if name.casefold() not in given
        ]


def _offers(begun: str, entries: Iterable[tuple[str, str, str]]) -> list[tuple[str, str]]:
    """Give (name, meaning) of what is begun like this: by code, else by kind."""
    known = list(entries)
    by_code = [(code, f"{kind}: {meaning}") for code, kind, meaning in known if code.startswith(begun.upper())]
    return by_code or [(kind, meaning) for _, kind, meaning in known if kind.startswith(begun.lower())]


class Strict(click.Command):
    """A command whose `--strict` may have a value behind a `=`, and alone means all.

    Click would take the next argument for that value, and that is the folder of digests.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, as the base does."""
        return super().parse_args(ctx, with_strict(args))


def with_strict(args: list[str]) -> list[str]:
    """Give a `--strict` that stands alone its value."""
    options = args.index("--") if "--" in args else len(args)
    return ["--strict=all" if arg == "--strict" else arg for arg in args[:options]] + args[options:]


argument_digests = click.argument("digests", type=Folder(), default="digests")
argument_out = click.argument("out", type=Folder(), default="out")
option_out = click.option("-o", "--out", type=Folder(), default="out", show_default=True, help="The output folder.")
option_config = click.option(
    "-c", "--config", "config_file", type=PATH, help=f"The config [default: {CONFIG_NAME}, if there]."
)
option_catalog = click.option("--catalog", type=PATH, help="The catalog [default: .digestfeed beside the config].")
option_quiet = click.option("-q", "--quiet", is_flag=True, help="Print nothing unless something is wrong.")

OVERRIDES = "Where the site will be; overrides the config's."


def option_base_url(text: str) -> Decorator:
    """Give the option `--base-url`, with the text of its help."""
    return click.option("--base-url", metavar="URL", help=text)
