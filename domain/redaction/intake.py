"""Masking what a run prints, output by output as it comes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from domain.models.providers import LogStream, Output
from domain.redaction.redactor import Redactor


@dataclass(frozen=True, slots=True)
class Intake:
    """One follower's view of one run: what the next output of each stream has to be read after.

    Nothing is held back: what an output needs of the text around it comes with it, so that any
    other follower goes on from a stored position as this one would have.
    """

    contexts: Mapping[LogStream, str] = field(default_factory=dict)

    def take(self, outputs: Iterable[Output], redactor: Redactor) -> "Taken":
        """The outputs without their secrets, in order."""
        contexts = dict(self.contexts)
        masked: list[Output] = []
        redactions = 0
        for output in outputs:
            before = contexts.get(output.stream)
            if before is None:
                before = _context(output.before, redactor)
            found = redactor.mask(output.text, before=before, after=output.after)
            contexts[output.stream] = found.context
            masked.append(replace(output, text=found.text, before="", after=""))
            redactions += found.count
        return Taken(outputs=tuple(masked), redactions=redactions, intake=Intake(contexts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Outputs that may be stored, how many secrets they had, and the view after them."""

    outputs: tuple[Output, ...]
    redactions: int
    intake: Intake


def _context(before: str, redactor: Redactor) -> str:
    """What is in front of a position, as far as it matters."""
    if before.endswith("\n"):
        return redactor.mask(before[:-1]).context
    return before
