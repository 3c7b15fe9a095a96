"""Print the requirements of the project, and of the dependency group or extra named, at the lowest version they allow.

    pip install --editable . $(python tools/lowest.py test push)

Only what pyproject.toml names is pinned; what those bring along is for pip to choose.
"""

import re
import sys
import tomllib
from pathlib import Path

from group import requirements

_LOWEST = re.compile(r"(?P<name>[A-Za-z0-9._-]+(?:\[[a-z,]+\])?)\s*(?:>=|~=|==)\s*(?P<version>[0-9][0-9.]*)")


def lowest(requirement: str) -> str:
    """Pin a requirement at its lower bound; one without is an error, for nothing is known to work with it."""
    found = _LOWEST.match(requirement)
    if found is None:
        sys.exit(f"expected a lower bound, got {requirement!r}")
    _, semicolon, marker = requirement.partition(";")
    return f"{found['name']}=={found['version']}" + (f";{marker}".replace(" ", "") if semicolon else "")


if __name__ == "__main__":
    table = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))
    wanted = list(table["project"]["dependencies"])
    for name in sys.argv[1:]:
        extras = table["project"]["optional-dependencies"]
        wanted += extras[name] if name in extras else requirements(table["dependency-groups"], name)
    print("\n".join(dict.fromkeys(map(lowest, wanted))))
