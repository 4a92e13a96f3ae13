"""Links to downloads: what opens them, and what does not."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from adapters.links import SignedLinks
from domain.ids import ArtifactId, PrincipalId, ProjectId, TokenId, WorkflowRunId
from domain.models.links import ArtifactTarget, Link, ReportTarget
from domain.models.reports import ReportFormat

LINK = Link(
    target=ArtifactTarget(artifact_id=ArtifactId("b" * 32)),
    project_id=ProjectId("a" * 32),
    token_id=TokenId("c" * 32),
    expires_at=datetime(2026, 1, 1, tzinfo=UTC),
)


@dataclass
class Keys:
    """Known ones, and one that may be made."""

    known: list[bytes] = field(default_factory=list)
    may_make: bool = False

    def all(self) -> Sequence[bytes]:
        return self.known

    def make(self) -> bool:
        self.known += [b"m" * 32] * self.may_make
        return self.may_make


def signed(keys: Keys, link: Link = LINK) -> str:
    token = SignedLinks(keys).sign(link)
    assert token is not None
    return token


def test_a_link_opens_what_it_was_signed_for() -> None:
    """With a key that is known since, too, and not with another."""
    token = signed(Keys([b"1" * 32]))
    assert LINK == SignedLinks(Keys([b"2" * 32, b"1" * 32])).open(token)
    assert SignedLinks(Keys([b"2" * 32])).open(token) is None
    assert SignedLinks(Keys()).open(token) is None


def test_nothing_in_a_link_can_be_changed() -> None:
    """Any other character, one more or one less is none of ours."""
    links, token = SignedLinks(Keys([b"1" * 32])), signed(Keys([b"1" * 32]))
    for place, was in enumerate(token):
        other = "A" if was != "A" else "B"
        assert links.open(token[:place] + other + token[place + 1 :]) is None
    for text in ("", "=", token + "=", token + "A", token[:-1], "ä", "." * 4, "x" * 10_000):
        assert links.open(text) is None


def test_a_first_key_is_made_where_that_is_ours_to_do() -> None:
    """Otherwise there are no links."""
    assert LINK == SignedLinks(keys := Keys(may_make=True)).open(signed(keys))
    assert SignedLinks(Keys()).sign(LINK) is None


@pytest.mark.parametrize("report_format", ReportFormat)
def test_a_link_leads_to_a_report_in_one_format(report_format: ReportFormat) -> None:
    """And keeps by whose right."""
    keys, run_id = Keys([b"1" * 32]), WorkflowRunId("d" * 32)
    target = ReportTarget(workflow_run_id=run_id, report_format=report_format)
    link = replace(LINK, target=target, token_id=None, member_id=PrincipalId("e" * 32))
    assert link == SignedLinks(keys).open(signed(keys, link))
