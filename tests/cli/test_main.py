"""Which parts of the program a command line makes Python read."""

import subprocess
import sys

import pytest

BEGIN = "import gc, sys; from cli.main import commands; commands(sys.argv[1:]); "
READ = BEGIN + "print(*sys.modules)"
LOOKED_THROUGH = BEGIN + "print(gc.isenabled(), len(gc.get_objects()))"


def modules(*words: str) -> set[str]:
    ran = subprocess.run([sys.executable, "-c", READ, *words], capture_output=True, check=True)
    return set(ran.stdout.decode().split())


@pytest.mark.parametrize(
    ("words", "read", "unread"),
    [
        (["run", "--", "true"], "httpx", "app"),
        (["serve"], "app", "httpx"),
        (["token", "list"], "httpx", "app"),
        (["approvals", "list"], "httpx", "app"),
        (["feature", "scan"], "httpx", "app"),
    ],
)
def test_a_client_reads_no_server_and_a_server_no_client(
    words: list[str], read: str, unread: str
) -> None:
    """Reading what it never uses would cost either of them time and memory at each start."""
    found = modules(*words)
    assert read in found
    assert unread not in found


@pytest.mark.parametrize("words", [[], ["--help"], ["token", "link"]])
def test_any_other_command_line_finds_all_commands(words: list[str]) -> None:
    """Help must list every command, and what is not listed as alone may be any of them."""
    rooms = {"run", "approvals", "server", "tokens", "audit", "doctor", "features"}
    assert {f"cli.{room}" for room in rooms} <= modules(*words)


def test_what_was_read_is_no_garbage() -> None:
    """A search for garbage, which there is again, does not go through all that was imported."""
    ran = subprocess.run(
        [sys.executable, "-c", LOOKED_THROUGH, "serve"], capture_output=True, check=True
    )
    is_on, left = ran.stdout.decode().split()

    assert "True" == is_on
    assert int(left) < 1000
