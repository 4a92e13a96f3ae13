"""Page sizes and pages."""

import pytest

from domain.errors import InvalidInput
from resolvers.paging import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, Page, cut, page_size


@pytest.mark.parametrize("asked", [1, 50, PAGE_SIZE_MAX])
def test_a_size_within_bounds_is_taken(asked: int) -> None:
    """As it is."""
    assert asked == page_size(asked)


def test_no_size_is_the_default() -> None:
    """Fifty."""
    assert PAGE_SIZE_DEFAULT == page_size(None)


@pytest.mark.parametrize("asked", [0, -1, PAGE_SIZE_MAX + 1, 100_000])
def test_a_size_out_of_bounds_names_its_argument(asked: int) -> None:
    """So that a client can tell first from last."""
    with pytest.raises(InvalidInput) as refused:
        page_size(asked, "last")
    assert ("last",) == refused.value.path


def test_one_item_too_many_says_that_there_are_more() -> None:
    """It is not on the page."""
    assert Page(items=[1, 2], has_next=True) == cut([1, 2, 3], 2, continues=False)
    assert Page(items=[1, 2], has_previous=True) == cut([1, 2], 2, continues=True)
