"""Features through the API: reading a project's documents, and listing what they are about."""

from collections.abc import AsyncIterator
from typing import Final

from cli.client import answers
from cli.client.connection import Connection, Fields

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
    return answers.payload(await connection.ask(_SCAN, given), "featureScan")


def listed(connection: Connection, project: str, most: int) -> AsyncIterator[Fields]:
    """By slug, page by page, at most so many. Raises Refused, Unreachable."""

    def features(answer: Fields) -> Fields:
        found: Fields = answers.project(answer, project)["features"]
        return found

    return answers.items(connection, _LIST, {"project": project}, features, most=most)
