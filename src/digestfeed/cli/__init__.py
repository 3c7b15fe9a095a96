"""The command line: options, one call into the pipeline, a report, an exit code.

stdout is data, stderr is talk.  Exit codes: 0 built (problems in digests are warnings), 1 failed or refused, or
`check` found problems, 2 wrong usage or config, 75 another run is using the same output.

A command is loaded when it is called: what the others import costs a build from cron nothing.
"""

from __future__ import annotations

import difflib
import io
import os
import sys
from importlib import import_module
from typing import NoReturn

import click

from digestfeed import __version__, endings
from digestfeed.cli.talk import fill_gaps, mute, say
from digestfeed.text import visible

COMPLETE = "_DIGESTFEED_COMPLETE"
"""What a shell sets when it asks for completions; click's name for it."""

# The commands, and the module of this package that each is in.
_COMMANDS = {
    "build": "building",
    "check": "looking",
    "completion": "completing",
    "explain": "looking",
    "fetch": "sending",
    "fields": "looking",
    "init": "beginning",
    "ping": "sending",
    "publish": "sending",
    "serve": "staying",
    "show": "looking",
    "status": "looking",
    "watch": "staying",
}


class _Group(click.Group):
    """Loads a command by its name; turns what ends a run into one line and its exit code.

    A broken pipe is nobody's fault.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- the base's
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- the base's
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{_COMMANDS[cmd_name]}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not ctx.resilient_parsing and not name.startswith("-") and name not in _COMMANDS:
            near = difflib.get_close_matches(name, sorted(_COMMANDS), 1)
            ctx.fail(f"No such command '{visible(name)}'" + (f"; did you mean {near[0]}?" if near else "."))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            with endings.stoppable():
                return super().invoke(ctx)
        except BrokenPipeError:
            mute(sys.stdout)
            sys.exit(1)
        except BaseException as error:
            ending = endings.told(error)
            if ending is None:
                raise
            from digestfeed.cli.hints import with_next_step

            line, code = ending
            mute(sys.stdout)
            say(visible(f"digestfeed: {with_next_step(error, line)}"), colour="red")
            sys.exit(code)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="digestfeed")
def main() -> None:
    """Feeds and an archive from a folder of daily AI paper digests."""


def run() -> NoReturn:
    """Run the command line as a process of its own."""
    fill_gaps()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that has no Korean still gets the rest
    if COMPLETE in os.environ:
        from digestfeed.cli.completing import mend_shells

        mend_shells()
    code = 0
    try:
        main(prog_name="digestfeed")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    endings.leave(code)
