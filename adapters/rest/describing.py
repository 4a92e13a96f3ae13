"""The JSON Schema of a manifest, for editors, with what is said below each field."""

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from adapters.rest import manifest
from adapters.rest.manifest import Manifest, Part


def schema() -> dict[str, Any]:
    """As docs/reference/manifest.schema.json has it."""
    written = Manifest.model_json_schema()
    for table in (written, *written["$defs"].values()):
        _describe(table)
    del written["title"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Manifest of a provider of the workbench",
        **written,
    }


def _describe(table: dict[str, Any]) -> None:
    """Pydantic could do this too, by reading the source of every class at each start of a server:
    a tenth of a second, for what no server shows."""
    made = getattr(manifest, table["title"], None)
    if inspect.isclass(made) and issubclass(made, Part):
        for one in reversed(made.__mro__[: made.__mro__.index(Part)]):
            for name, text in _said_below_fields(one):
                table["properties"][name]["description"] = text


def _said_below_fields(made: type) -> Iterator[tuple[str, str]]:
    (definition,) = ast.parse(inspect.getsource(made)).body
    assert isinstance(definition, ast.ClassDef)
    for field, below in pairwise(definition.body):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, inspect.cleandoc(text)
            case _:
                pass
