"""Write docs/config.md and docs/digestfeed.schema.json from the types of the config, so that neither can drift.

python tools/write_config.py
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import msgspec

from digestfeed.config import Config

DOCS = Path(__file__).parents[1] / "docs"
HEAD = """\
# The config

`digestfeed.toml` lies beside the folder of digests; `-c FILE` names another. It is [TOML](https://toml.io/). Every key
has a default, so that an empty file is a config; an unknown key is an error, which names its line and the nearest key
there is. `digestfeed init` writes a commented one. For editors there is a JSON Schema,
[digestfeed.schema.json](digestfeed.schema.json).

<!-- Written by tools/write_config.py from src/digestfeed/config.py; change that. -->
"""
SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"
TABLES = {
    "": "Config",
    "[digests]": "DigestsConfig",
    "[feeds]": "FeedsConfig",
    "[site]": "SiteConfig",
    "[check]": "CheckConfig",
    "[fields.<slug>]": "FieldConfig",
    "[[channels]]": "ChannelConfig",
}


def schema() -> dict[str, Any]:
    """Give the JSON Schema of the config."""
    found = msgspec.json.schema(Config)
    for table in found["$defs"].values():
        table["description"] = inspect.cleandoc(table["description"])
    return {"$schema": SCHEMA_ID, **found}


def reference() -> str:
    """Give the page: a section a table, a row a key."""
    tables = schema()["$defs"]
    missing = {name for name in tables if name.endswith("Config")} - set(TABLES.values())
    if missing:
        raise SystemExit(f"tools/write_config.py does not know where {', '.join(sorted(missing))} stands")
    parts = [HEAD]
    for header, name in TABLES.items():
        parts.append(_section(header, tables[name]))
    return "\n".join(parts)


def _section(header: str, table: dict[str, Any]) -> str:
    title = f"`{header}`" if header else "At the top"
    said = str(table["description"]).removeprefix(f"`{header}`: ")
    lines = [
        f"## {title}\n",
        f"{said[:1].upper()}{said[1:]}\n",
        "| key | type | default | what it says |",
        "|---|---|---|---|",
    ]
    required = table.get("required", [])
    properties = table["properties"]
    for key, value in properties.items():
        if "description" in value:
            lines.append(_row(key, value, is_needed=key in required))
    return "\n".join(lines) + "\n"


def _row(key: str, value: dict[str, Any], *, is_needed: bool) -> str:
    default = value.get("default")
    shown = "needed" if is_needed else "–" if default in (None, [], {}) else f"`{_json(default)}`"
    said = str(value["description"])
    examples = value.get("examples")
    if isinstance(examples, list):
        said += f" Example: `{_json(examples[0])}`"
    cells = [f"`{key}`", _kind(value), shown, said]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


_KINDS = {"string": "text", "integer": "whole number", "boolean": "`true` or `false`"}


def _kind(value: dict[str, Any]) -> str:
    choices = value.get("anyOf")
    if isinstance(choices, list):
        return _kind(next(choice for choice in choices if choice.get("type") != "null"))
    items = value.get("items")
    if value.get("type") == "array" and isinstance(items, dict):
        return f"list of {_kind(items)}"
    if "enum" in value:
        enum = value["enum"]
        return ", ".join(f"`{_json(one)}`" for one in enum)
    return _KINDS[str(value["type"])]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def main() -> None:
    """Write both files."""
    (DOCS / "config.md").write_text(reference(), "utf-8")
    (DOCS / "digestfeed.schema.json").write_text(json.dumps(schema(), ensure_ascii=False, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
