"""What a command would start, program by program, as the policy sees it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.models.decisions import RiskLevel


class CommandClass(StrEnum):
    """What kind of thing a program start does."""

    READ_ONLY = "READ_ONLY"
    DEV_TOOL = "DEV_TOOL"
    VCS_WRITE = "VCS_WRITE"
    NETWORK = "NETWORK"
    PACKAGE = "PACKAGE"
    FILE_WRITE = "FILE_WRITE"
    DESTRUCTIVE = "DESTRUCTIVE"
    PRIVILEGED = "PRIVILEGED"
    FORBIDDEN = "FORBIDDEN"
    OPAQUE = "OPAQUE"
    UNKNOWN = "UNKNOWN"


CLASS_RISK: Final = {
    CommandClass.READ_ONLY: RiskLevel.LOW,
    CommandClass.DEV_TOOL: RiskLevel.LOW,
    CommandClass.VCS_WRITE: RiskLevel.MEDIUM,
    CommandClass.NETWORK: RiskLevel.MEDIUM,
    CommandClass.PACKAGE: RiskLevel.MEDIUM,
    CommandClass.FILE_WRITE: RiskLevel.MEDIUM,
    CommandClass.UNKNOWN: RiskLevel.MEDIUM,
    CommandClass.DESTRUCTIVE: RiskLevel.HIGH,
    CommandClass.PRIVILEGED: RiskLevel.HIGH,
    CommandClass.OPAQUE: RiskLevel.HIGH,
    CommandClass.FORBIDDEN: RiskLevel.HIGH,
}
"""Inside the workspace; outside it each is a step higher."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One program start that a command would cause.

    `program` is the base name that rules match (`git`), and empty where it cannot be known or
    where a shell does the thing itself, such as a redirection. `subcommand` is of programs that
    have them. `options` are one by one and without values: `-rf` is `-r`, `-f`. `paths` are all
    arguments that are paths, as they stand; `outside` are those of them that lead out of the
    workspace. A wrapper only starts others and was seen through.
    """

    program: str
    arguments: tuple[str, ...]
    subcommand: str | None
    options: tuple[str, ...]
    paths: tuple[str, ...]
    outside: tuple[str, ...]
    command_class: CommandClass
    risk: RiskLevel
    is_wrapper: bool
    explanation: str
