"""`python -m digestfeed`, and the command `digestfeed`."""

import gc
import signal

_YOUNG = 50_000
"""New objects between two searches for garbage in cycles: a build makes millions of objects and hardly any cycle."""


def run() -> None:
    """Run the command line as a process of its own; until it is loaded, Ctrl-C ends it silently."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.set_threshold(_YOUNG)  # processes of a build inherit it
    try:
        from digestfeed.cli import run as run_command  # noqa: PLC0415 -- takes a moment, in which it may be stopped
    except (ImportError, OSError, MemoryError) as error:
        raise SystemExit(f"digestfeed: it cannot be loaded: {error or 'there is no memory left'}") from error
    run_command()


if __name__ == "__main__":
    run()
