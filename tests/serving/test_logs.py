"""Every log line is structured, and says which run or request it is about."""

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Final

import pytest
import structlog

from adapters.finding import AutomatonFinder
from domain.ids import ProjectId
from domain.redaction.redactor import MASK
from domain.services.redactors import Redactors
from serving.logs import SOCKETS, configure

CHATTY: Final = (SOCKETS, "alembic.runtime.plugins", "alembic.runtime.migration")


@pytest.fixture(autouse=True)
def logging_restored() -> Iterator[None]:
    """Leave logging as other tests expect it."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.NOTSET)
    structlog.reset_defaults()


def test_a_line_of_the_domain_carries_its_run(capsys: pytest.CaptureFixture[str]) -> None:
    """What the standard library logs comes out as JSON with extra fields and request id."""
    configure("json", "info")
    with structlog.contextvars.bound_contextvars(request_id="abc"):
        logging.getLogger("domain.services.engine").warning("x %s", "y", extra={"run_id": "r1"})
    line = json.loads(capsys.readouterr().err)
    assert ("x y", "r1", "abc", "warning", "domain.services.engine") == tuple(
        line[key] for key in ("event", "run_id", "request_id", "level", "logger")
    )


def test_what_is_below_the_level_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    """Debugging lines cost nothing by default."""
    configure("console", "info")
    logging.getLogger("x").debug("quiet")
    assert "" == capsys.readouterr().err


@pytest.mark.parametrize("name", CHATTY)
def test_what_is_said_again_and_again_is_for_debugging(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Each socket that opens, plugins and steps of the migrations: not on the first screen."""
    configure("console", "info")
    logging.getLogger(name).info("open")
    assert "" == capsys.readouterr().err


def test_terminal_codes_stay_out(capsys: pytest.CaptureFixture[str]) -> None:
    """Uvicorn adds a colored copy of its own message."""
    configure("json", "info")
    logging.getLogger("x").info("started", extra={"color_message": "\x1b[36mstarted"})
    assert "color_message" not in json.loads(capsys.readouterr().err)


def test_a_traceback_tells_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    """Local variables may be secrets."""
    configure("console", "info")
    try:
        fail(list("abc"))
    except ValueError:
        logging.getLogger("x").exception("failed")
    err = capsys.readouterr().err
    assert (True, False) == ("ValueError: 3" in err, "'b'" in err)


def fail(secret: list[str]) -> None:
    raise ValueError(len(secret))


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_line_is_masked_as_a_whole(capsys: pytest.CaptureFixture[str], log_format: str) -> None:
    """With the traceback below it, as its project wants or as all do."""
    redactors = Redactors(["of-the-server"], AutomatonFinder)
    asyncio.run(redactors.know(ProjectId("a"), ["secret-of-a"]))
    asyncio.run(redactors.know(ProjectId("b"), ["secret-of-b"]))
    configure(log_format, "info", redactors.line)
    log = logging.getLogger("x")
    try:
        raise ValueError("secret-of-a")  # noqa: TRY301 - what an adapter may do
    except ValueError:
        log.exception("failed %s", "of-the-server", extra={"project": "a"})
    log.warning("no project: %s", ["secret-of-a", "secret-of-b"])
    structlog.get_logger("y").warning("other", told="secret-of-b")
    err = capsys.readouterr().err
    assert 6 == err.count(MASK)
    assert [] == [each for each in ("secret-of", "of-the-server") if each in err]
