"""Links by which files are downloaded."""

from datetime import datetime
from typing import Self

import strawberry

from resolvers.downloads import Address


@strawberry.type(description="Where a file can be downloaded for a while, by whoever has this.")
class Download:
    """Asking again gives another one."""

    url: str = strawberry.field(
        description="Needs no token. A URL where the server has WORKBENCH_PUBLIC_URL, else a path "
        "on this server."
    )
    expires_at: datetime = strawberry.field(
        description="When it ends, if whoever asked for it can read the project until then."
    )

    @classmethod
    def of(cls, address: Address) -> Self:
        return cls(url=address.url, expires_at=address.expires_at)
