"""Workflows as YAML, with the library that knows it: its parser alone, the rest is done here.

The library's own loader takes anchors, which a few lines of can fill the memory, takes a key twice
and reads `no` as false.
"""

import math
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import yaml

from domain.errors import InvalidInput
from domain.limits import WORKFLOW_BYTES_MAX, WORKFLOW_DEPTH_MAX
from domain.models.workflows import Fault
from domain.workflows.languages import Place

NULL: Final = re.compile(r"|~|null|Null|NULL")
BOOLEAN: Final = re.compile(r"true|True|TRUE|false|False|FALSE")
WHOLE: Final = re.compile(r"[-+]?[0-9]{1,300}")
BASED: Final = re.compile(r"0o[0-7]{1,300}|0x[0-9a-fA-F]{1,300}")
DECIMAL: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
"""The core schema of YAML 1.2.2, section 10.3.2, without the numbers that are none."""

Events = Iterator[yaml.Event]
Path = tuple[str, ...]


class YamlFiles:
    """See domain.workflows.languages.Files."""

    def read(self, text: str) -> object:
        size = len(text.encode(errors="replace"))
        if size > WORKFLOW_BYTES_MAX:
            raise _fault(f"The file has {size} bytes; {WORKFLOW_BYTES_MAX} are the most.")
        try:
            return _document(yaml.parse(text, Loader=yaml.CSafeLoader))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise _refused(mark, error.problem or "it is no YAML") from None
        except yaml.YAMLError as error:
            raise _fault(f"It is no YAML: {error}") from None

    def places(self, text: str, paths: Collection[Path]) -> Mapping[Path, Place]:
        wanted = {path[:length] for path in paths for length in range(len(path) + 1)}
        events = yaml.parse(text, Loader=yaml.CSafeLoader)
        found: dict[Path, Place] = {}
        for event in events:
            if isinstance(event, yaml.NodeEvent):
                found.update(_places(event, events, (), wanted))
        return {path: place for path in paths if (place := _nearest(path, found))}

    def write(self, value: Mapping[str, Any]) -> str:
        return str(
            yaml.dump(
                dict(value),
                Dumper=_Dumper,
                sort_keys=False,
                allow_unicode=True,
                default_flow_style=None,
                width=100,
            )
        )


class _Dumper(yaml.CSafeDumper):  # type: ignore[misc] # it carries no types
    """Without anchors, which the reader would refuse, and by the rules of YAML 1.2."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the library passes it
        return True


def _represented(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "'" if _plain(text) != text else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represented)


def _document(events: Events) -> object:
    """The one that there is."""
    found: object = None
    count = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            count += 1
            if count > 1:
                raise _refused(event.start_mark, "a second document begins")
        elif isinstance(event, yaml.NodeEvent):
            found = _node(event, events, 1)
    return found


def _node(event: yaml.Event, events: Events, depth: int) -> object:
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise _refused(event.start_mark, "anchors and aliases are not taken")
    if depth > WORKFLOW_DEPTH_MAX:
        raise _refused(event.start_mark, f"more than {WORKFLOW_DEPTH_MAX} levels")
    if event.tag not in {None, "!"}:
        raise _refused(event.start_mark, "tags are not taken")
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event)
    if isinstance(event, yaml.SequenceStartEvent):
        return [_node(each, events, depth + 1) for each in _until(yaml.SequenceEndEvent, events)]
    return _mapping(events, depth)


def _mapping(events: Events, depth: int) -> dict[str, object]:
    found: dict[str, object] = {}
    for event in _until(yaml.MappingEndEvent, events):
        if not isinstance(event, yaml.ScalarEvent):
            raise _refused(event.start_mark, "a key is a text")
        key = str(event.value)
        if key == "<<" and event.implicit[0]:
            raise _refused(event.start_mark, "merge keys are not taken")
        if key in found:
            raise _refused(event.start_mark, f"the key {key[:60]!r} is here twice")
        found[key] = None
        found[key] = _node(next(events), events, depth + 1)
    return found


def _places(
    event: yaml.Event, events: Events, path: Path, wanted: Collection[Path]
) -> Iterator[tuple[Path, Place]]:
    """Of a node and all below it. What is in a mapping is where its key is."""
    if path in wanted:
        yield path, _place(event.start_mark)
    if isinstance(event, yaml.SequenceStartEvent):
        for index, each in enumerate(_until(yaml.SequenceEndEvent, events)):
            yield from _places(each, events, (*path, str(index)), wanted)
    elif isinstance(event, yaml.MappingStartEvent):
        for key in _until(yaml.MappingEndEvent, events):
            inner = (*path, str(key.value))
            yield from _places(next(events), events, inner, wanted)
            if inner in wanted:
                yield inner, _place(key.start_mark)


def _nearest(path: Path, found: Mapping[Path, Place]) -> Place | None:
    known = (path[:length] for length in range(len(path), -1, -1) if path[:length] in found)
    return next((found[each] for each in known), None)


def _until(end: type[yaml.Event], events: Events) -> Events:
    for event in events:
        if isinstance(event, end):
            return
        yield event


def _scalar(event: yaml.ScalarEvent) -> object:
    text = str(event.value)
    return _plain(text) if event.implicit[0] else text


def _plain(text: str) -> object:
    """What a text without quotes stands for."""
    if NULL.fullmatch(text):
        return None
    if BOOLEAN.fullmatch(text):
        return text.lower() == "true"
    if WHOLE.fullmatch(text):
        return int(text)
    if BASED.fullmatch(text):
        return int(text, 0)
    number = float(text) if DECIMAL.fullmatch(text) else math.inf
    return number if math.isfinite(number) else text


def _refused(mark: Any, message: str) -> InvalidInput:  # noqa: ANN401 - the library's
    if mark is None:
        return _fault(f"It is no YAML: {message}.")
    place = _place(mark)
    return _fault(f"Line {place.line}, column {place.column}: {message}.", *place)


def _place(mark: Any) -> Place:  # noqa: ANN401 - the library's
    """The library counts from 0 on."""
    return Place(mark.line + 1, mark.column + 1)


def _fault(message: str, line: int | None = None, column: int | None = None) -> InvalidInput:
    """Of the file as a whole."""
    fault = Fault(path=(), message=message, line=line, column=column)
    return InvalidInput(message, faults=(fault,))
