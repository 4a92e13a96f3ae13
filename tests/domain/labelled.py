"""The commands of tests/domain/corpora, with what people say of each."""

import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from domain.default_policy import DEFAULT_RULES
from domain.ids import DecisionId, ProjectId
from domain.models.decisions import Decision, PolicyVerdict
from domain.models.policies import DispatchRequest, Policy
from domain.models.providers import EnvProfile
from domain.models.runs import RunKind
from domain.policy import decide

CORPORA: Final = Path(__file__).parent / "corpora"
ROOT: Final = "/work/project"
LABELS: Final = {
    "allow": PolicyVerdict.ALLOW,
    "approve": PolicyVerdict.REQUIRE_APPROVAL,
    "argv": PolicyVerdict.REQUIRE_APPROVAL,
    "deny": PolicyVerdict.DENY,
}


POLICY: Final = Policy(
    project_id=ProjectId("p"),
    version=1,
    rules=DEFAULT_RULES,
    set_at=datetime(2026, 1, 1, tzinfo=UTC),
)
"""What a project begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A command with the verdict that a person gave it."""

    command: tuple[str, ...]
    verdict: PolicyVerdict
    section: str


def ordinary() -> list[Labelled]:
    """What developers run all day."""
    return list(_of_file("ordinary"))


def evasions() -> list[Labelled]:
    """What tries to look harmless."""
    return list(_of_file("evasions"))


def judged(command: tuple[str, ...]) -> Decision:
    """What the policy that nobody has changed says of it."""
    request = DispatchRequest(
        project_id=POLICY.project_id,
        provider="local",
        kind=RunKind.COMMAND,
        root_path=ROOT,
        command=command,
        cwd=ROOT,
        env_profile=EnvProfile.DEFAULT,
    )
    return decide(request, POLICY, decision_id=DecisionId("d"), at=POLICY.set_at)


def _of_file(name: str) -> Iterator[Labelled]:
    text = (CORPORA / f"{name}.toml").read_text(encoding="utf-8")
    for section, labels in tomllib.loads(text).items():
        for label, commands in labels.items():
            lines = commands if label == "argv" else map(shlex.split, commands.split("\n")[:-1])
            for command in lines:
                yield Labelled(command=tuple(command), verdict=LABELS[label], section=section)
