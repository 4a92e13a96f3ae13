"""Why a run did not succeed, and what it wants to know."""

from datetime import datetime
from typing import Self

import strawberry

from domain.models.runs import FailureCode
from domain.models.runs import RunFailure as DomainFailure
from domain.models.runs import RunQuestion as DomainQuestion


@strawberry.type(description="Why a run did not succeed.")
class RunFailure:
    """A code for programs and a message for people."""

    code: FailureCode = strawberry.field(description="Stable, for programs.")
    message: str = strawberry.field(description="A sentence for people.")

    @classmethod
    def of(cls, failure: DomainFailure) -> Self:
        return cls(code=failure.code, message=failure.message)


@strawberry.type(description="What a run wants to know of a person before it goes on.")
class RunQuestion:
    """Asked by its provider."""

    text: str = strawberry.field(description="The question, as the provider worded it.")
    asked_at: datetime = strawberry.field(description="When it was first heard.")

    @classmethod
    def of(cls, question: DomainQuestion) -> Self:
        return cls(text=question.text, asked_at=question.asked_at)
