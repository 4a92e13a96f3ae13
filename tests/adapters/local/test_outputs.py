"""What runs hand on by WORKBENCH_OUTPUT, and all that can be wrong with it."""

import os
import sys
from pathlib import Path

import pytest

from adapters.local.adapter import LocalAdapter
from adapters.local.outputs import parse
from domain.models.outputs import NO_OUTPUTS, Outputs, OutputsFault
from domain.models.providers import EndCause, Ended
from domain.outputs import DEPTH_MAX, OUTPUTS_BYTES_MAX
from tests.adapters.local.confined import held, see
from tests.contract.adapters.following import follow, make_order

pytestmark = pytest.mark.anyio

HUGE = 100 * 1024 * 1024


async def ended(adapter: LocalAdapter, root: Path, script: str) -> Ended:
    order = make_order(root, "sh", "-c", script)
    await adapter.dispatch(order)
    _, end = await follow(adapter, order.run_id)
    return end


async def test_lines_come_with_the_end(adapter: LocalAdapter, root: Path) -> None:
    """Also those of a run that has failed; the file is its own and nobody else's."""
    script = 'file=$WORKBENCH_OUTPUT; stat -c mode=%a "$file" >> "$file"; echo a=1 >> "$file"'
    end = await ended(adapter, root, f"{script}; exit 3")
    assert (3, {"mode": "600", "a": "1"}) == (end.exit_code, end.outputs.values)


async def test_a_run_that_writes_nothing_hands_on_nothing(
    adapter: LocalAdapter, root: Path
) -> None:
    """Nor does one that has removed the file."""
    assert NO_OUTPUTS == (await ended(adapter, root, "true")).outputs
    assert NO_OUTPUTS == (await ended(adapter, root, 'rm "$WORKBENCH_OUTPUT"')).outputs


async def test_a_sandbox_lets_it_be_written(adapter: LocalAdapter, root: Path) -> None:
    """And shows nothing else of the folder that it lies in."""
    script = 'echo a=1 > "$WORKBENCH_OUTPUT"; ls "${WORKBENCH_OUTPUT%/*}"'
    seen = await see(adapter, held(root, "sh", "-c", script))
    assert {"a": "1"} == seen.ended.outputs.values
    assert {"home", "pytest-of-root", "workbench-output"} >= set(seen.out)


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        (f'truncate -s {HUGE} "$WORKBENCH_OUTPUT"', OutputsFault.TOO_LARGE),
        ('ln -sf /etc/hostname "$WORKBENCH_OUTPUT"', OutputsFault.UNREADABLE),
        ('rm "$WORKBENCH_OUTPUT"; mkfifo "$WORKBENCH_OUTPUT"', OutputsFault.UNREADABLE),
        ('rm "$WORKBENCH_OUTPUT"; mkdir "$WORKBENCH_OUTPUT"', OutputsFault.UNREADABLE),
        ('head -c 100 /dev/urandom > "$WORKBENCH_OUTPUT"', OutputsFault.MALFORMED),
    ],
)
async def test_what_cannot_be_taken_is_told(
    adapter: LocalAdapter, root: Path, script: str, fault: OutputsFault
) -> None:
    """However large it is, wherever it leads; the run ends as it would have without."""
    end = await ended(adapter, root, script)
    assert (EndCause.EXITED, 0) == (end.cause, end.exit_code)
    assert (fault, {}) == (end.outputs.fault, end.outputs.values)
    assert end.outputs.message


async def test_a_file_that_may_not_be_read_is_told(adapter: LocalAdapter, root: Path) -> None:
    """Who is root reads everything, and is asked nothing."""
    end = await ended(adapter, root, 'echo a=1 > "$WORKBENCH_OUTPUT"; chmod 0 "$WORKBENCH_OUTPUT"')
    expected = None if os.getuid() == 0 else OutputsFault.UNREADABLE
    assert expected == end.outputs.fault


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("\n\r\n", {}),
        ("a=1\n\nb=2=3\n", {"a": "1", "b": "2=3"}),
        ("a=1\na=2", {"a": "2"}),
        ("a=\r\nb= x \r\n", {"a": "", "b": " x "}),
        ("a=x<<y", {"a": "x<<y"}),
        ("a<<END\none\n\nb=2\nEND\nc=3", {"a": "one\n\nb=2", "c": "3"}),
        ("a<<E=F\none\nE=F", {"a": "one"}),
        ("a<<E\nE\n", {"a": ""}),
        ('\ufeff{"a": [1, {"b": null}], "ü x": 2.5}', {"a": [1, {"b": None}], "ü x": 2.5}),
        (" \n {}", {}),
    ],
)
def test_both_forms_are_read(text: str, values: dict[str, object]) -> None:
    """Lines as other tools write them, or one object."""
    assert Outputs(values=values) == parse(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "no sign",
        "=1",
        "a b\n",
        "a\tb=1",
        "a<<",
        "a<<E\nnever",
        "a<<\n\n",
        "x" * 101 + "=1",
        "{",
        "{'a': 1}",
        '{"a": 1} b',
        '{"a": NaN}',
        '{"": 1}',
        '{"a\\nb": 1}',
        '{"a": "\\ud800"}',
        '{"a": ' + "[" * DEPTH_MAX + "]" * DEPTH_MAX + "}",
        "a=\xff".encode("latin-1").decode("latin-1") + "\x00b\x01=1\nc",
    ],
)
def test_what_is_in_neither_form_is_told(text: str) -> None:
    """Without a word of what was there."""
    found = parse(text.encode())
    assert (OutputsFault.MALFORMED, {}) == (found.fault, found.values)
    assert "never" not in found.message


def test_the_bound_is_exact() -> None:
    """What fits is taken, and a byte more is not; spaces in an object do not count."""
    fits = b"a=" + b"x" * (OUTPUTS_BYTES_MAX - len('{"a":""}'))
    assert None is parse(fits).fault
    assert OutputsFault.TOO_LARGE is parse(fits + b"x").fault
    assert sys.getsizeof(fits) < 2 * OUTPUTS_BYTES_MAX
