"""Masking what is no text: every text and number in it, names included."""

from collections.abc import Mapping
from dataclasses import replace

from domain.models.outputs import Outputs
from domain.redaction.redactor import Redactor


def masked_outputs(outputs: Outputs, redactor: Redactor) -> Outputs:
    values = masked(outputs.values, redactor)
    assert isinstance(values, Mapping), "the mask changes no kind but a number's"
    return replace(outputs, values=values)


def masked(value: object, redactor: Redactor) -> object:
    """The same value without secrets. A number that is one becomes the mask; two names that the
    mask makes one hold the value of the later."""
    match value:
        case str():
            return redactor.text(value)
        case Mapping():
            return {redactor.text(name): masked(each, redactor) for name, each in value.items()}
        case list() | tuple():
            return [masked(each, redactor) for each in value]
        case bool() | None:
            return value
        case _:
            told = str(value)
            text = redactor.text(told)
            return value if text == told else text
