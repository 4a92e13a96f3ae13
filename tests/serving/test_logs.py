"""Every log line is structured, and says which run or request it is about."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from serving.logs import configure


@pytest.fixture(autouse=True)
def logging_restored() -> Iterator[None]:
    """Leave logging as other tests expect it."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
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
