"""Connections: pages of a list, each item with the cursor to go on from."""

from collections.abc import Callable
from typing import Annotated, Any, Generic, Self, TypeVar

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

    page: strawberry.Private[Page[Any]]
    items: strawberry.Private[list[T]]
    cursor: strawberry.Private[Callable[[Any], str]]

    @strawberry.field(description="The items with their cursors.")
    def edges(self) -> list[Edge[T]]:
        pairs = zip(self.page.items, self.items, strict=True)
        return [Edge(cursor=self.cursor(item), node=node) for item, node in pairs]

    @strawberry.field(description="The items.")
    def nodes(self) -> list[T]:
        return self.items

    @strawberry.field(description="Where this page lies.")
    def page_info(self) -> PageInfo:
        items = self.page.items
        return PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=self.cursor(items[0]) if items else None,
            end_cursor=self.cursor(items[-1]) if items else None,
        )

    @classmethod
    def of(cls, page: Page[D], node: Callable[[D], T], cursor: Callable[[D], str]) -> Self:
        """Cursors are made where they are asked for."""
        return cls(page=page, cursor=cursor, items=[node(item) for item in page.items])
