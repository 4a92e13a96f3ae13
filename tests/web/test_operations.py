"""The examples of GraphiQL against the schema, and what npm is told to install."""

import json
import re
from pathlib import Path
from typing import Final

import pytest
from graphql import build_schema, parse, validate

ROOT: Final = Path(__file__).resolve().parents[2]
WEB: Final = ROOT / "web"
OPERATIONS: Final = sorted((WEB / "graphiql" / "operations").glob("*.graphql"))


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
def test_an_example_is_valid(path: Path) -> None:
    """A change of the schema that breaks one shows."""
    schema = build_schema((ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8"))

    assert [] == validate(schema, parse(path.read_text(encoding="utf-8")))


def test_every_example_has_its_tab() -> None:
    """A file that is not read is no example."""
    text = (WEB / "graphiql" / "operations.js").read_text(encoding="utf-8")
    read = re.findall(r"from './operations/(\w+)\.graphql\?raw'", text)
    shown = re.findall(r"^  tab\((\w+)", text, re.MULTILINE)

    assert [path.stem for path in OPERATIONS] == read
    assert sorted(read) == sorted(shown)


def test_the_lock_file_fits_every_machine() -> None:
    """It names no registry, and has a digest for all that is fetched."""
    lock = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}

    assert [] == [name for name, package in packages.items() if "resolved" in package]
    assert [] == [name for name, package in packages.items() if "integrity" not in package]
