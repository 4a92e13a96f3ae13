"""What tests leave behind in the checkout is a failure of the session, wherever git can tell."""

import subprocess
from pathlib import Path
from typing import Final

import pytest

BEFORE: Final = pytest.StashKey[frozenset[str]]()
LEFT: Final = pytest.StashKey[frozenset[str]]()


def untracked(root: Path) -> frozenset[str]:
    """The files that git neither keeps nor ignores; none where there is no git, or no checkout."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--others", "--exclude-standard", "-z"],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return frozenset()
    return frozenset(listed.stdout.split("\0")) - {""}


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is imported: modules of tests may write too."""
    if not hasattr(config, "workerinput"):
        config.stash[BEFORE] = untracked(config.rootpath)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Only the process that the others report to looks: they end before it."""
    before = session.config.stash.get(BEFORE, None)
    if before is None:
        return
    session.config.stash[LEFT] = untracked(session.config.rootpath) - before
    if session.config.stash[LEFT] and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for name in sorted(config.stash.get(LEFT, ())):
        terminalreporter.write_line(f"left behind in the checkout: {name}", red=True)
