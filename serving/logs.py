"""How the server logs: structured, with the request's id on every line that a request causes."""

import logging
import sys
from collections.abc import Callable
from typing import Final

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

SOCKETS: Final = "uvicorn.sockets"
"""The logger of every WebSocket's opening and closing."""

_CHATTY: Final = (SOCKETS, "alembic.runtime.plugins", "alembic.runtime.migration")


Mask = Callable[[str | None, str], str]
"""A line without the secrets of the project of this id; of any, where it names none."""


class _Masked(structlog.stdlib.ProcessorFormatter):
    """Whole lines, with what they carry and the tracebacks below them."""

    def __init__(self, mask: Mask, before: list[Processor], rendering: list[Processor]) -> None:
        super().__init__(foreign_pre_chain=before, processors=rendering)
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        return self._mask(getattr(record, "project", None), super().format(record))


def configure(log_format: str, level: str, mask: Mask = lambda _, line: line) -> None:
    """Send structlog's and the standard library's records through one chain to stderr."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        _drop_color_message,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Masked(
            mask,
            shared,
            [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(log_format)],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # Requests over HTTP are not logged one by one either.
    for name in _CHATTY if level == "info" else ():
        logging.getLogger(name).setLevel(logging.WARNING)


def _drop_color_message(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Uvicorn says each thing twice, the second time with terminal codes."""
    event.pop("color_message", None)
    return event


def _rendering(log_format: str) -> list[Processor]:
    if log_format == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    # Plain, since the colorful kind prints local variables: hundreds of lines, secrets among them.
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
