"""What may never be launched is refused with the field that is wrong."""

from dataclasses import replace

import pytest

from domain.errors import InvalidInput
from domain.limits import ARGUMENT_BYTES_MAX, COMMAND_BYTES_MAX, TIMEOUT_MS_MAX
from domain.models.commands import LaunchRun
from domain.models.sandbox import SandboxSettings
from domain.validation import check_launch, check_sandbox

GOOD = LaunchRun(project="default", command=("git", "log"))


def test_a_plain_command_is_accepted() -> None:
    """Nothing is raised for an ordinary launch."""
    check_launch(GOOD)


@pytest.mark.parametrize(
    ("launch", "path"),
    [
        (replace(GOOD, command=None), ("command",)),
        (replace(GOOD, prompt="and a prompt"), ("command",)),
        (replace(GOOD, command=()), ("command",)),
        (replace(GOOD, command=("",)), ("command",)),
        (replace(GOOD, command=("  ", "x")), ("command",)),
        (replace(GOOD, command=("echo", "a\0b")), ("command", "1")),
        (replace(GOOD, command=("echo", "\ud800")), ("command", "1")),
        (replace(GOOD, command=("echo", "x" * (1024 * 1024))), ("command", "1")),
        (replace(GOOD, command=("x",) * 5000), ("command",)),
        (replace(GOOD, command=("x" * 100_000,) * 6), ("command",)),
        (replace(GOOD, command=None, prompt=" \n"), ("prompt",)),
        (replace(GOOD, command=None, prompt="x" * 300_000), ("prompt",)),
        (replace(GOOD, timeout_ms=0), ("timeoutMs",)),
        (replace(GOOD, timeout_ms=-5), ("timeoutMs",)),
        (replace(GOOD, timeout_ms=TIMEOUT_MS_MAX + 1), ("timeoutMs",)),
        (replace(GOOD, reason="x" * 2001), ("reason",)),
        (replace(GOOD, cwd="a\0b"), ("cwd",)),
        (replace(GOOD, idempotency_key=" "), ("idempotencyKey",)),
        (replace(GOOD, idempotency_key="k" * 201), ("idempotencyKey",)),
        (replace(GOOD, tool_scopes=("read", "\0")), ("toolScopes", "1")),
        (replace(GOOD, tool_scopes=("read",) * 101), ("toolScopes",)),
        (replace(GOOD, artifacts=("dist", " ")), ("artifacts", "1")),
        (replace(GOOD, artifacts=("/etc/*",)), ("artifacts", "0")),
        (replace(GOOD, artifacts=("a/../../b",)), ("artifacts", "0")),
        (replace(GOOD, artifacts=("a", "b\0")), ("artifacts", "1")),
        (replace(GOOD, artifacts=("x" * 501,)), ("artifacts", "0")),
        (replace(GOOD, artifacts=("x",) * 51), ("artifacts",)),
    ],
)
def test_a_bad_launch_names_its_field(launch: LaunchRun, path: tuple[str, ...]) -> None:
    """Each fault is an InvalidInput with the path of the input field."""
    with pytest.raises(InvalidInput) as refused:
        check_launch(launch)
    assert path == refused.value.path


def test_the_bounds_themselves_are_accepted() -> None:
    """A bound is the last value that is good."""
    argument = "x" * ARGUMENT_BYTES_MAX
    check_launch(replace(GOOD, command=("echo", argument), timeout_ms=TIMEOUT_MS_MAX))
    whole = COMMAND_BYTES_MAX // ARGUMENT_BYTES_MAX
    check_launch(replace(GOOD, command=(argument,) * whole, timeout_ms=1))


@pytest.mark.parametrize(
    ("sandbox", "field"),
    [
        (SandboxSettings(cpu_s=0), "cpuMs"),
        (SandboxSettings(memory_bytes=1024), "memoryMib"),
        (SandboxSettings(is_required=True, processes=0), "processes"),
        (SandboxSettings(processes=10), "processes"),
        (SandboxSettings(open_files=3), "openFiles"),
    ],
)
def test_a_limit_that_cannot_be_held_names_its_field(sandbox: SandboxSettings, field: str) -> None:
    """Out of bounds, or processes counted where there is no sandbox to count them in."""
    with pytest.raises(InvalidInput) as refused:
        check_sandbox(sandbox, "sandbox")
    assert ("sandbox", field) == refused.value.path


def test_limits_without_a_sandbox_are_accepted() -> None:
    """Time, memory and open files need none; processes do."""
    check_sandbox(SandboxSettings())
    check_sandbox(SandboxSettings(cpu_s=1, memory_bytes=1 << 30, open_files=64))
    check_sandbox(SandboxSettings(is_required=True, processes=1))
