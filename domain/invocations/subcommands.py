"""What the subcommands of a program do, where they differ."""

from collections.abc import Mapping
from typing import Final

from domain.invocations.commands.git import GIT
from domain.invocations.commands.packages import PACKAGES
from domain.invocations.commands.services import SERVICES
from domain.invocations.commands.table import Table
from domain.invocations.commands.tools import TOOLS

SUBCOMMANDS: Final[Mapping[str, Table]] = {**GIT, **PACKAGES, **TOOLS, **SERVICES}
"""No row: the program's own class, whatever follows."""

TAKE_GOALS: Final = frozenset({"make", "ninja", "mvn", "gradle", "rake", "just", "task", "sbt"})
"""Each of their operands is one of these, and the worst of them counts."""
