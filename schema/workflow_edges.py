"""Which step of a plan waits for which."""

import strawberry


@strawberry.type(name="Edge", description="One step needs another.")
class StepEdge:
    """By their keys."""

    from_: str = strawberry.field(name="from", description="Key of the step that is needed.")
    to: str = strawberry.field(description="Key of the step that needs it.")
