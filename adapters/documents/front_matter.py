"""Front matter: YAML between two lines of dashes at the beginning of a file."""

import re
from typing import Final

import yaml

from domain.documents import Unusable, front_of
from domain.limits import (
    FRONT_MATTER_BYTES_MAX,
    FRONT_MATTER_DEPTH_MAX,
    FRONT_MATTER_NODES_MAX,
)
from domain.models.features import FrontMatter

BLOCK: Final = re.compile(r"---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_OPENING: Final = (yaml.SequenceStartEvent, yaml.MappingStartEvent)
_CLOSING: Final = (yaml.SequenceEndEvent, yaml.MappingEndEvent)


def read(text: str) -> FrontMatter:
    """Read the front matter of a document; empty where it has none. Raises Unusable."""
    found = BLOCK.match(text)
    if found is None:
        return FrontMatter()
    block = found[1]
    if len(block.encode(errors="surrogatepass")) > FRONT_MATTER_BYTES_MAX:
        raise Unusable(f"The front matter has more than {FRONT_MATTER_BYTES_MAX} bytes.")
    values = _parsed(block)
    if values is None or values == "":
        return FrontMatter()
    if not isinstance(values, dict):
        raise Unusable("The front matter is no mapping.")
    return front_of(values)


def _parsed(block: str) -> object:
    """Parse into texts, lists and mappings; no scalar becomes a number, time or Python object."""
    try:
        _check(block)
        return yaml.load(block, Loader=yaml.CBaseLoader)  # noqa: S506 - makes texts only
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise Unusable(f"The front matter is no YAML, at line {line}: {error.problem}.") from error
    except yaml.YAMLError as error:
        raise Unusable("The front matter holds characters that YAML does not allow.") from error


def _check(block: str) -> None:
    """Check the bounds on parser events, before any value is built.

    Deep nesting would exhaust the stack, and aliases could expand without end.
    """
    nodes = depth = 0
    for event in yaml.parse(block, Loader=yaml.CBaseLoader):
        if isinstance(event, yaml.AliasEvent):
            raise Unusable("The front matter uses an alias, which is not taken.")
        nodes += isinstance(event, (*_OPENING, yaml.ScalarEvent))
        depth += isinstance(event, _OPENING) - isinstance(event, _CLOSING)
        if nodes > FRONT_MATTER_NODES_MAX:
            raise Unusable(f"The front matter has more than {FRONT_MATTER_NODES_MAX} values.")
        if depth > FRONT_MATTER_DEPTH_MAX:
            raise Unusable(f"The front matter is nested over {FRONT_MATTER_DEPTH_MAX} deep.")
