"""How facts about workflow runs are stored."""

from typing import get_args

from domain.models.workflow_events import WorkflowRunFact
from persistence.workflow_facts import FORMS, KINDS, READERS


def test_every_kind_of_fact_has_one_form() -> None:
    """And a name in the database that no other kind has."""
    assert set(get_args(WorkflowRunFact)) == set(KINDS)
    assert len(FORMS) == len(KINDS) == len(READERS)
