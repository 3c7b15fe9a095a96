"""Ask pip-audit for known vulnerabilities of what digestfeed needs to run, and tell "none" from "could not ask".

pip-audit passes over what its database does not answer for, and then finds nothing: offline that looks like success.
Exit 0: none, or not asked (said so); 1: there is one, or part of the packages could not be asked for.  What only the
tests and tools need is told, but fails nothing.
"""

import json
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires
from typing import Any

PROJECT = "digestfeed"


def normal(name: str) -> str:
    """Write a name as indexes do (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(name: str, found: set[str]) -> set[str]:
    """Gather the installed packages that one needs, extras of digestfeed itself included, theirs not."""
    found.add(normal(name))
    try:
        wanted = requires(name) or []
    except PackageNotFoundError:
        return found - {normal(name)}
    for requirement in wanted:
        other = re.match(r"[A-Za-z0-9._-]+", requirement)
        if other and normal(other[0]) not in found and ("extra ==" not in requirement or name == PROJECT):
            found |= needed(other[0], found)
    return found


def audited() -> list[dict[str, Any]] | None:
    """Run pip-audit over this environment; None where it did not come to an answer."""
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--skip-editable"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- this Python
    try:
        rows: list[dict[str, Any]] = json.loads(ended.stdout)["dependencies"]
    except ValueError:
        print((ended.stderr.strip().splitlines() or ["no answer"])[-1][:300])
        return None
    return rows


def main() -> int:
    """Tell what is known."""
    rows = audited()
    ours = needed(PROJECT, set()) - {PROJECT}
    asked = [row for row in rows or () if "skip_reason" not in row]
    if not asked:
        print("audit: skipped, the database of vulnerabilities does not answer")
        return 0
    faults = {f"{row['name']} {row['version']}: {fault['id']}" for row in asked for fault in row["vulns"]}
    serious = {fault for fault in faults if normal(fault.split()[0]) in ours}
    unknown = ours - {normal(row["name"]) for row in asked}
    for fault in sorted(faults):
        print(f"audit: {fault}" + ("" if fault in serious else " (tests and tools only)"))
    for name in sorted(unknown):
        print(f"audit: {name} is installed or wanted, and could not be asked for")
    print(
        f"audit: {len(asked)} packages, {len(serious)} with a known vulnerability among the {len(ours)} needed to run"
    )
    return int(bool(serious))


if __name__ == "__main__":
    sys.exit(main())
