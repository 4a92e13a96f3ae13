"""However the output of a run comes, in whatever pieces, the same is masked."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.finding import AutomatonFinder
from domain.models.providers import LogStream, Output
from domain.redaction.intake import Intake
from domain.redaction.redactor import CONTEXT_CHARACTERS, MASK, Redactor
from tests.domain.redaction.test_rules import KEY

SECRETS = ["sesame-open", "ab\ncd\nef\ngh", "open-the-door\nab\nxy", KEY.replace("R", "S")]
REDACTOR = Redactor(SECRETS, AutomatonFinder)
PARTS = [line for secret in [*SECRETS, KEY] for line in secret.split("\n")]
LINE = st.sampled_from([*PARTS, "", "word", "sesame-", "-----BEGIN PRIVATE KEY-----"])
LINES = st.lists(LINE, min_size=1, max_size=30)
STREAMS = st.sampled_from(LogStream)


def output(lines: list[str], stream: LogStream = LogStream.STDOUT, **around: str) -> Output:
    return Output(stream=stream, text="\n".join(lines), lines=len(lines), **around)


def lines_of(outputs: tuple[Output, ...], stream: LogStream) -> list[str]:
    return [line for o in outputs if o.stream is stream for line in o.text.split("\n")]


@settings(deadline=None)
@given(outputs=st.lists(st.tuples(LINES, STREAMS), max_size=8), data=st.data())
def test_pieces_are_masked_as_the_whole(
    outputs: list[tuple[list[str], LogStream]], data: st.DataObject
) -> None:
    """Lines that come in any batches, of either stream, with a new follower after any of them."""
    intake, seen = Intake(), {stream: list[str]() for stream in LogStream}
    masked: tuple[Output, ...] = ()
    for lines, stream in outputs:
        before = "".join(f"{line}\n" for line in seen[stream])
        if data.draw(st.booleans()):
            intake = Intake()
        taken = intake.take([output(lines, stream, before=before)], REDACTOR)
        intake, masked = taken.intake, masked + taken.outputs
        seen[stream] += lines
    for stream, lines in seen.items():
        whole = Intake().take([output(lines, stream)], REDACTOR) if lines else None
        assert (lines_of(whole.outputs, stream) if whole else []) == lines_of(masked, stream)


@settings(deadline=None)
@given(cut=st.integers(0, 40), is_new=st.booleans())
def test_a_secret_across_a_cut_leaves_nothing_on_either_side(cut: int, *, is_new: bool) -> None:
    """A line too long for one output, cut anywhere, also by a follower that comes between."""
    line = "x" * 20 + "sesame-open" + "y" * 20
    first, rest = line[:cut], line[cut:]
    taken = Intake().take([output([first], after=rest)], REDACTOR)
    intake = Intake() if is_new else taken.intake
    [second] = intake.take([output([rest], before=first)], REDACTOR).outputs
    [one] = taken.outputs
    assert "x" * min(cut, 20) + (MASK if cut > 20 else "") + "y" * max(0, cut - 31) == one.text
    tail = (MASK if cut < 31 else "") + "y" * min(20, 51 - cut)
    assert "x" * max(0, 20 - cut) + tail == second.text


def test_what_is_kept_of_a_line_is_bounded() -> None:
    """A line without end costs a view of its last part."""
    intake = Intake()
    for _ in range(50):
        intake = intake.take([output(["z" * 65_536], after="z")], REDACTOR).intake
    assert CONTEXT_CHARACTERS == len(intake.contexts[LogStream.STDOUT])


def test_a_key_of_any_length_is_masked() -> None:
    """Its beginning may be as far away as it will."""
    lines = ["".join(random.Random(n).choices("abcDEF123+/", k=64)) for n in range(2000)]
    intake, masked = Intake(), []
    for line in ["-----BEGIN EC PRIVATE KEY-----", *lines, "-----END EC PRIVATE KEY-----", "on"]:
        taken = intake.take([output([line])], REDACTOR)
        intake = taken.intake
        masked += lines_of(taken.outputs, LogStream.STDOUT)
    assert [MASK] * 2000 == masked[1:-2]
    assert "on" == masked[-1]
