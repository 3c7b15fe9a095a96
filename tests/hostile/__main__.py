"""How long texts take that grow: a build of each, of 1 kB to 10 MB, as a table in Markdown.

python -m tests.hostile [SIZE …] [--only WORDS] [--most SECONDS]; with `--count`, how many cases there are by threat.
"""

from __future__ import annotations

import subprocess
import sys

import click
import msgspec

from tests.hostile.cases import counts
from tests.hostile.growth import Cost, cost, growth_cases

SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)


@click.command()
@click.argument("sizes", type=int, nargs=-1)
@click.option("--only", default="", help="Only texts whose name has these words.")
@click.option(
    "--most", type=float, default=60.0, show_default=True, help="Seconds that the next build may be told to take."
)
@click.option("--count", is_flag=True, help="Count the cases by threat, and measure nothing.")
@click.option("--one", nargs=2, type=(str, int), hidden=True)
def main(sizes: tuple[int, ...], only: str, most: float, one: tuple[str, int] | None, *, count: bool) -> None:
    """Measure builds of hostile texts, each in a process of its own."""
    if count:
        for threat, number in (*counts().items(), ("all", sum(counts().values()))):
            click.echo(f"| {threat} | {number} |")
        return
    if one:
        [case] = [case for case in growth_cases() if case.name == one[0]]
        click.echo(msgspec.json.encode(cost(case, one[1])))
        return
    sizes = sizes or SIZES
    click.echo("| class | " + " | ".join(f"{size:,} B" for size in sizes) + " | memory |")
    click.echo("|---|" + "--:|" * (len(sizes) + 1))
    for case in growth_cases():
        if only in case.name:
            costs: list[Cost] = []
            for before, size in zip((0, *sizes), sizes, strict=False):
                if before and costs[-1].seconds * size / before > most:
                    break
                costs.append(_measured(case.name, size))
            seconds = [f"{found.seconds:.2f}" for found in costs] + ["—"] * (len(sizes) - len(costs))
            click.echo(f"| {case.name} | {' | '.join(seconds)} | {max(c.megabytes for c in costs)} MB |")


def _measured(name: str, size: int) -> Cost:
    command = [sys.executable, "-m", "tests.hostile", "--one", name, str(size)]
    done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 -- this Python
    return msgspec.json.decode(done.stdout, type=Cost)


if __name__ == "__main__":
    main()
