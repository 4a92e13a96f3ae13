"""Why a run did not succeed."""

from typing import Self

import strawberry

from domain.models.runs import FailureCode
from domain.models.runs import RunFailure as DomainFailure


@strawberry.type(description="Why a run did not succeed.")
class RunFailure:
    """A code for programs and a message for people."""

    code: FailureCode = strawberry.field(description="Stable, for programs.")
    message: str = strawberry.field(description="A sentence for people.")

    @classmethod
    def of(cls, failure: DomainFailure) -> Self:
        return cls(code=failure.code, message=failure.message)
