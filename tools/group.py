"""Print the requirements of a dependency group of pyproject.toml, one a line; older pips cannot read groups."""

import sys
import tomllib
from pathlib import Path


def requirements(groups: dict[str, list[object]], name: str) -> list[str]:
    """Give a group's requirements, those of included groups among them."""
    found: list[str] = []
    for entry in groups[name]:
        found += requirements(groups, entry["include-group"]) if isinstance(entry, dict) else [str(entry)]
    return found


if __name__ == "__main__":
    table = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))
    print(
        "\n".join(requirement.replace(" ", "") for requirement in requirements(table["dependency-groups"], sys.argv[1]))
    )
