"""How rows of subcommands are written."""

from collections.abc import Mapping
from typing import Final

from domain.models.invocations import CommandClass

Table = Mapping[str, CommandClass]

READ: Final = CommandClass.READ_ONLY
TOOL: Final = CommandClass.DEV_TOOL
VCS: Final = CommandClass.VCS_WRITE
NET: Final = CommandClass.NETWORK
PACKAGE: Final = CommandClass.PACKAGE
WRITE: Final = CommandClass.FILE_WRITE
DESTROY: Final = CommandClass.DESTRUCTIVE
ROOT: Final = CommandClass.PRIVILEGED
FORBID: Final = CommandClass.FORBIDDEN
OPAQUE: Final = CommandClass.OPAQUE
UNKNOWN: Final = CommandClass.UNKNOWN


def table(rows: Mapping[CommandClass, str]) -> Table:
    """`add|remote add`: one or two words. `x *` is x with anything more, `` is none, `*` any."""
    return {
        name.strip(): command_class
        for command_class, names in rows.items()
        for name in names.split("|")
    }
