"""What comes of commands that were labelled by hand before the reader was there."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

import pytest

from domain.models.decisions import PolicyVerdict
from tests.domain.labelled import CORPORA, Labelled, evasions, judged, ordinary

ORDINARY_MIN: Final = 1010
EVASIONS_MIN: Final = 2140
FALSE_BLOCKS_MAX: Final = 0.05


def verdict(labelled: Labelled) -> PolicyVerdict:
    return judged(labelled.command).verdict


def table(counts: Counter[tuple[PolicyVerdict, PolicyVerdict]]) -> str:
    """The confusion table, labels down and verdicts across."""
    rows = [f"{'label':>18}" + "".join(f"{each:>18}" for each in PolicyVerdict)]
    rows += [
        f"{label:>18}" + "".join(f"{counts[label, each]:>18}" for each in PolicyVerdict)
        for label in PolicyVerdict
    ]
    return "\n".join(rows)


def wrong(cases: Iterable[Labelled], *right: PolicyVerdict) -> list[tuple[str, ...]]:
    return [case.command for case in cases if verdict(case) not in right]


def test_ordinary_commands_are_not_in_the_way(capsys: pytest.CaptureFixture[str]) -> None:
    """Fewer than one in twenty of those that people want allowed asks for an approval."""
    cases = ordinary()
    counts = Counter((case.verdict, verdict(case)) for case in cases)
    with capsys.disabled():
        print(f"\n{table(counts)}")  # noqa: T201 - for whoever runs the tests
    wanted = sum(count for (label, _), count in counts.items() if label is PolicyVerdict.ALLOW)
    allowed = counts[PolicyVerdict.ALLOW, PolicyVerdict.ALLOW]

    assert len(cases) >= ORDINARY_MIN
    assert (wanted - allowed) / wanted < FALSE_BLOCKS_MAX


def test_what_needs_a_person_gets_one() -> None:
    """No ordinary command that people want to see first is allowed or denied by its class."""
    cases = [case for case in ordinary() if case.verdict is PolicyVerdict.REQUIRE_APPROVAL]

    assert [] == wrong(cases, PolicyVerdict.REQUIRE_APPROVAL)


def test_what_nobody_may_run_is_denied() -> None:
    """In every disguise of either corpus."""
    cases = [case for case in ordinary() + evasions() if case.verdict is PolicyVerdict.DENY]

    assert [] == wrong(cases, PolicyVerdict.DENY)


def test_the_corpora_are_two_files() -> None:
    """Whoever tries their commands in a shell leaves nothing behind."""
    assert ["evasions.toml", "ordinary.toml"] == sorted(path.name for path in CORPORA.iterdir())


def test_no_evasion_is_allowed() -> None:
    """Whatever hides in it, the weakest link counts."""
    cases = evasions()

    assert len(cases) >= EVASIONS_MIN
    assert [] == wrong(cases, PolicyVerdict.REQUIRE_APPROVAL, PolicyVerdict.DENY)
