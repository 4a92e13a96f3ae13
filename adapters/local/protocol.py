"""What the server and the supervisor say to each other, and the names in the spool they share.

Standard library only: the supervisor imports it without a site directory. A change that an older
supervisor would not understand raises VERSION, and with it the names of socket and lock, so that
the old one ends its own runs in peace.
"""

import json
import re
from typing import Any, Final

VERSION: Final = 2
SOCKET_NAME: Final = f"supervisor-{VERSION}.sock"
LOCK_NAME: Final = f"supervisor-{VERSION}.lock"
LOG_NAME: Final = "supervisor.log"
SITE_NAME: Final = "site"
CLOSED_NAME: Final = "closed"
"""Folder with one empty file for each run that must not start, or not again."""

ORDER_NAME: Final = "order"
STARTED_NAME: Final = "started"
EXIT_NAME: Final = "exit"
HOME_NAME: Final = "home"
OUTPUTS_NAME: Final = "outputs"
STDOUT_NAME: Final = "stdout"
STDERR_NAME: Final = "stderr"

MESSAGE_BYTES_MAX: Final = 16 * 1024 * 1024
"""Well over what Linux lets a program have as arguments and environment (about 2 MiB), escaped."""

RUN_ID_VARIABLE: Final = "WORKBENCH_RUN_ID"
OUTPUT_VARIABLE: Final = "WORKBENCH_OUTPUT"

Message = dict[str, Any]

_RUN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class Refused(Exception):
    """The run will never start."""


def check_run_id(run_id: object) -> str:
    """The run id, which is also a folder's name. Raises Refused."""
    if not isinstance(run_id, str) or _RUN_ID.fullmatch(run_id) is None:
        raise Refused("The run id is not one.")
    return run_id


def encode(message: Message) -> bytes:
    """One line; ASCII, so that file names which are not UTF-8 get through as lone surrogates."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


def decode(line: bytes) -> Message:
    """Raises ValueError for anything but a JSON object."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("A message is a JSON object.")  # noqa: TRY004 - foreign text, not our own type
    return message
