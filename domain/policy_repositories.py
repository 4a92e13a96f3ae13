"""What is stored of policies and of what they said, as protocols: see domain.repositories."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from domain.ids import DecisionId, ProjectId
from domain.models.decisions import Decision
from domain.models.pages import Window
from domain.models.policies import DispatchRequest, Policy


class PolicyRepository(Protocol):
    """Versions of the policies of projects. They are never changed."""

    async def add(self, policy: Policy) -> None:
        """Which version holds is told by the project (`ProjectRepository.set_policy_version`)."""
        ...

    async def get(self, project_id: ProjectId, version: int) -> Policy | None: ...
    async def page(self, project_id: ProjectId, window: Window) -> Sequence[Policy]:
        """Newest first; the key is the version."""
        ...


class DecisionRepository(Protocol):
    """What policies said, each with the request that it was said of. Kept for ever."""

    async def add(self, decision: Decision, request: DispatchRequest | None) -> None: ...
    async def get_many(self, ids: Collection[DecisionId]) -> Mapping[DecisionId, Decision]: ...
    async def requests(self, ids: Collection[DecisionId]) -> Mapping[DecisionId, DispatchRequest]:
        """What was decided on; without those that are older than the keeping of it."""
        ...

    async def page(
        self, project_id: ProjectId, window: Window
    ) -> Sequence[tuple[Decision, DispatchRequest]]:
        """Newest first; the key is the id. Only those of which the request is known."""
        ...
