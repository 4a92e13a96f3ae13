"""Features through the API: reading a project's documents, and listing what they are about."""

from collections.abc import AsyncIterator
from typing import Final

from cli.client.connection import Connection, Fields
from cli.client.errors import Refused

PAGE: Final = 50

_SCAN: Final = """
mutation FeatureScan($input: FeatureScanInput!) {
  featureScan(input: $input) {
    ... on FeatureScanPayload {
      added changed unchanged removed refused { path reason } features complete bytesRead
    }
    ... on UserError { code message }
  }
}"""

_LIST: Final = """
query Features($project: String!, $first: Int, $after: String) {
  project(slug: $project) {
    features(first: $first, after: $after) {
      nodes { id slug title status family updatedAt }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""


async def scan(connection: Connection, project: str, folder: str) -> Fields:
    """What the scan came to. Done twice it harms nothing. Raises Refused, Unreachable."""
    given = {"input": {"project": project, "folder": folder}}
    answer = (await connection.ask(_SCAN, given)).get("featureScan")
    match answer:
        case {"code": str(code), "message": str(message)}:
            raise Refused(code, message)
        case dict():
            return answer
        case _:
            raise Refused("INTERNAL", "featureScan answered nothing.")


async def listed(connection: Connection, project: str, most: int) -> AsyncIterator[Fields]:
    """By slug, page by page, at most so many. Raises Refused, Unreachable."""
    after = None
    while most > 0:
        given = {"project": project, "first": min(PAGE, most), "after": after}
        found = (await connection.ask(_LIST, given)).get("project")
        if found is None:
            raise Refused("NOT_FOUND", f"There is no project {project!r} that you can see.")
        page = found["features"]
        for feature in page["nodes"]:
            yield feature
        most -= len(page["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]
