"""Connections: pages of a list, each item with the cursor to go on from."""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, Self, TypeVar

import strawberry

from resolvers.paging import Page

T = TypeVar("T")
D = TypeVar("D")

First = Annotated[
    int | None,
    strawberry.argument(description="How many, from 1 to 100; 50 if absent."),
]
After = Annotated[
    str | None,
    strawberry.argument(description="Begin behind this cursor; at the first item if absent."),
]
Last = Annotated[
    int | None,
    strawberry.argument(description="How many from the end, from 1 to 100, instead of first."),
]
Before = Annotated[
    str | None,
    strawberry.argument(description="End before this cursor; at the last item if absent."),
]


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Relay's page information."""

    has_next_page: bool = strawberry.field(description="Whether more items follow.")
    has_previous_page: bool = strawberry.field(description="Whether items come before.")
    start_cursor: str | None = strawberry.field(description="Cursor of the page's first item.")
    end_cursor: str | None = strawberry.field(description="Cursor of the page's last item.")


@strawberry.type(description="An item of a list and its cursor.")
class Edge(Generic[T]):
    """Relay's edge."""

    cursor: str = strawberry.field(description="Give it as after to go on behind this item.")
    node: T = strawberry.field(description="The item.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """Relay's connection, with the items also as plain nodes."""

    edges: list[Edge[T]] = strawberry.field(description="The items with their cursors.")
    nodes: list[T] = strawberry.field(description="The items.")
    page_info: PageInfo = strawberry.field(description="Where this page lies.")

    @classmethod
    def of(cls, page: Page[D], node: Callable[[D], T], cursor: Callable[[D], str]) -> Self:
        nodes = [node(item) for item in page.items]
        cursors = [cursor(item) for item in page.items]
        return cls(
            edges=[Edge(cursor=c, node=n) for c, n in zip(cursors, nodes, strict=True)],
            nodes=nodes,
            page_info=page_info(page, cursors),
        )


def page_info(page: Page[D], cursors: Sequence[str]) -> PageInfo:
    return PageInfo(
        has_next_page=page.has_next,
        has_previous_page=page.has_previous,
        start_cursor=cursors[0] if cursors else None,
        end_cursor=cursors[-1] if cursors else None,
    )
