"""Approvals through the API: the inbox, one of them, and deciding on it."""

import hashlib
import json
from collections.abc import AsyncIterator
from operator import itemgetter
from typing import Final

from cli.client import answers
from cli.client.connection import Connection, Fields
from cli.client.errors import Refused

_FIELDS: Final = """fragment A on Approval {
  id state requiredRole requiredCount approvedCount digest shown risk policyVersion
  createdAt expiresAt breakGlass reason canDecide ineligibleReason
  requestedBy { name }
  project { slug }
  run { id }
  stepRun { workflowRun { id } }
}"""

_LIST: Final = f"""
query Approvals($filter: ApprovalFilter, $first: Int, $after: String) {{
  approvals(filter: $filter, first: $first, after: $after) {{
    nodes {{ ...A }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
{_FIELDS}"""

_MORE: Final = """
    policyDecision { reasons { code explanation } }
    decisions { decision reason at selfApproved approver { name } onBehalfOf { name } }
"""

_READ: Final = f"""
query Approval($id: ID!) {{
  node(id: $id) {{ ... on Approval {{ ...A {_MORE} }} }}
}}
{_FIELDS}"""

_DECIDE: Final = f"""
mutation ApprovalDecide($input: ApprovalDecideInput!) {{
  approvalDecide(input: $input) {{
    ... on ApprovalDecidePayload {{ approval {{ ...A {_MORE} }} }}
    ... on UserError {{ code message }}
  }}
}}
{_FIELDS}"""


def listed(connection: Connection, chosen: Fields, most: int) -> AsyncIterator[Fields]:
    """Newest first, page by page, at most so many. Raises Refused, Unreachable."""
    given = {"filter": chosen}
    return answers.items(connection, _LIST, given, itemgetter("approvals"), most=most)


async def read(connection: Connection, approval_id: str) -> Fields:
    """One whose digest is that of what it shows. Raises Refused, Unreachable."""
    found = (await connection.ask(_READ, {"id": approval_id})).get("node")
    if not found:
        raise Refused("NOT_FOUND", f"There is no approval {approval_id!r} that you can see.")
    if digest_of(found["shown"]) != found["digest"]:
        raise Refused("INVALID_INPUT", "The digest is not that of what is shown; nothing was sent.")
    return dict(found)


async def decide(connection: Connection, seen: Fields, decision: str, reason: str) -> Fields:
    """Say it of exactly what was seen; the approval as it is afterwards.

    Asked once: what is lost on the way may be said. Raises Refused, Unreachable.
    """
    given = {"id": seen["id"], "digest": seen["digest"], "decision": decision, "reason": reason}
    answer = await connection.ask(_DECIDE, {"input": given}, attempts=1)
    approval: Fields = answers.payload(answer, "approvalDecide")["approval"]
    return approval


def digest_of(shown: Fields) -> str:
    """As docs/reference/approvals.md says."""
    text = json.dumps(shown, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
