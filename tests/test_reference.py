"""The reference: made from the program, and in docs/ as it would be made now; a schema that judges as the program."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import jsonschema
import pytest

from digestfeed.config import parse_config
from digestfeed.errors import ConfigError
from tests.test_config import FAULTS, FULL

ROOT = Path(__file__).parents[1]


def _tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    return _tool("write_config")


def test_the_commands_are_as_their_help_says() -> None:
    program = "from write_commands import reference; print(reference(), end='')"  # afresh: help is made of globals
    ended = subprocess.run(  # noqa: S603
        [sys.executable, "-X", "utf8", "-c", program], cwd=ROOT / "tools", capture_output=True, text=True, check=True
    )
    assert (ROOT / "docs" / "commands.md").read_text("utf-8") == ended.stdout


def test_the_page_is_as_the_types_say(tool: ModuleType) -> None:
    assert (ROOT / "docs" / "config.md").read_text("utf-8") == tool.reference()


def test_the_schema_is_as_the_types_say(tool: ModuleType) -> None:
    assert json.loads((ROOT / "docs" / "digestfeed.schema.json").read_text("utf-8")) == json.loads(
        json.dumps(tool.schema())
    )


def test_every_key_is_described(tool: ModuleType) -> None:
    tables = tool.schema()["$defs"]
    bare = {
        (name, key)
        for name, table in tables.items()
        for key, value in table["properties"].items()
        if "description" not in value
    }
    assert {key for name, key in bare} == {"digests", "feeds", "site", "fields", "channels", "check"}  # tables
    assert {name for name, _ in bare} == {"Config"}


def test_the_schema_takes_what_the_program_takes(tool: ModuleType) -> None:
    jsonschema.validate(tomllib.loads(FULL), tool.schema())


SHAPE = re.compile("unknown key|expected the key|expected an? (?:string|whole number|table|array)")


@pytest.mark.parametrize("text", [text for text, said in FAULTS.items() if SHAPE.search(said)])
def test_the_schema_refuses_what_has_another_shape(tool: ModuleType, text: str) -> None:
    with pytest.raises(ConfigError):
        parse_config("digestfeed.toml", text)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), tool.schema())
