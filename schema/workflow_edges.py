"""Edges between the steps of a workflow or of a workflow run."""

from collections.abc import Iterable, Sequence
from typing import Protocol, Self

import strawberry


class Needing(Protocol):
    """A step, of a workflow or of a run of one."""

    @property
    def key(self) -> str: ...

    @property
    def needs(self) -> Sequence[str]: ...


@strawberry.type(name="Edge", description="One step needs another.")
class StepEdge:
    """Names both steps by their keys."""

    from_: str = strawberry.field(name="from", description="Key of the step that is needed.")
    to: str = strawberry.field(description="Key of the step that needs it.")

    @classmethod
    def among(cls, steps: Iterable[Needing]) -> list[Self]:
        return [cls(from_=need, to=step.key) for step in steps for need in step.needs]
