"""One page of a list that can grow, and how large it may be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from domain.errors import InvalidInput

PAGE_SIZE_DEFAULT: Final = 50
PAGE_SIZE_MAX: Final = 100
CONTAINS_CHARACTERS_MAX: Final = 200

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Items in order, and whether there are more on either side."""

    items: Sequence[T]
    has_next: bool = False
    has_previous: bool = False


def page_size(asked: int | None, argument: str = "first") -> int:
    """From 1 to PAGE_SIZE_MAX, PAGE_SIZE_DEFAULT where nothing is asked. Raises InvalidInput."""
    if asked is None:
        return PAGE_SIZE_DEFAULT
    if not 1 <= asked <= PAGE_SIZE_MAX:
        raise InvalidInput(f"{argument} must be from 1 to {PAGE_SIZE_MAX}.", argument)
    return asked


def cut(items: Sequence[T], size: int, *, continues: bool) -> Page[T]:
    """A page out of items of which one more than `size` was asked for."""
    return Page(items=items[:size], has_next=len(items) > size, has_previous=continues)
