"""From bytes to lines: nothing lost, nothing doubled, all of it valid text."""

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.blocks import AROUND_BYTES, BLOCK_LINES, LINE_BYTES_MAX, cut_block
from adapters.finding import AutomatonFinder
from adapters.local.spool import Spool
from domain.errors import ProviderRefused
from domain.models.providers import LogStream, Progress
from domain.redaction.intake import Intake
from domain.redaction.redactor import Redactor

ENOUGH = 10**9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def progresses(
    folder: Path, position: str | None = None, bytes_max: int = ENOUGH
) -> Iterator[Progress]:
    """All that a run which has ended printed, from a position on."""
    with closing(Spool(folder, position, bytes_max=bytes_max)) as spool:
        while progress := spool.read(is_ended=True):
            yield progress


def read_lines(
    folder: Path, position: str | None = None, bytes_max: int = ENOUGH
) -> dict[LogStream, list[str]]:
    lines: dict[LogStream, list[str]] = {LogStream.STDOUT: [], LogStream.STDERR: []}
    for progress in progresses(folder, position, bytes_max):
        for output in progress.outputs:
            assert output.lines == len(output.text.split("\n"))
            lines[output.stream] += output.text.split("\n")
    return lines


def expected_lines(printed: bytes) -> list[str]:
    """The slow way: line by line. Lines stay short, so none is split."""
    *lines, rest = printed.split(b"\n")
    texts = [line.decode("utf-8", "replace").replace("\0", "\u2400") for line in lines]
    texts = [text.removesuffix("\r") for text in texts]
    last = rest.decode("utf-8", "replace").replace("\0", "\u2400")
    return [*texts, last] if rest else texts


PIECES = st.sampled_from(
    [b"\n", b"\r\n", b"\r", b"\0", b"\xff", b"\xe2\x82", b"\xe2\x82\xac", "ü".encode(), b"word "]
)
PRINTED = st.lists(PIECES, max_size=60).map(b"".join)


@settings(deadline=None)
@given(out=PRINTED, err=PRINTED)
def test_lines_are_those_of_a_slow_reader(out: bytes, err: bytes) -> None:
    """Reading in blocks gives what decoding each line alone would."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "stdout").write_bytes(out)
        (folder / "stderr").write_bytes(err)
        expected = {LogStream.STDOUT: expected_lines(out), LogStream.STDERR: expected_lines(err)}
        assert expected == read_lines(folder)


@settings(deadline=None)
@given(parts=st.lists(st.tuples(PRINTED, PRINTED, st.booleans()), max_size=8))
def test_restart_anywhere_loses_and_doubles_nothing(
    parts: list[tuple[bytes, bytes, bool]],
) -> None:
    """A reader that is replaced by a new one at its position, while the files grow by pieces that
    end anywhere, sees what one reader sees at the end."""
    lines: dict[LogStream, list[str]] = {LogStream.STDOUT: [], LogStream.STDERR: []}

    def take(progress: Progress | None) -> None:
        for output in progress.outputs if progress else ():
            lines[output.stream] += output.text.split("\n")

    with TemporaryDirectory() as name:
        folder = Path(name)
        spool = Spool(folder, None, bytes_max=ENOUGH)
        for out, err, is_restart in parts:
            for path, printed in ((folder / "stdout", out), (folder / "stderr", err)):
                with path.open("ab") as file:
                    file.write(printed)
            take(spool.read(is_ended=False))
            if is_restart:
                spool.close()
                spool = Spool(folder, spool.position, bytes_max=ENOUGH)
        take(spool.read(is_ended=True))
        take(spool.read(is_ended=True))
        spool.close()
        assert read_lines(folder) == lines


def test_every_position_resumes_exactly(folder: Path) -> None:
    """With a megabyte in one line, many short ones and both streams, what is behind a position is
    the rest."""
    long_line = "ä€😀".encode() * 120_000
    (folder / "stdout").write_bytes(b"first\n" + long_line + b"\n" + b"short\n" * 5_000 + b"rest")
    (folder / "stderr").write_bytes(b"\n" * 4_000)
    all_of_it = read_lines(folder)
    seen: dict[LogStream, int] = {LogStream.STDOUT: 0, LogStream.STDERR: 0}
    for progress in progresses(folder):
        for output in progress.outputs:
            seen[output.stream] += output.lines
        rest = {stream: lines[seen[stream] :] for stream, lines in all_of_it.items()}
        assert rest == read_lines(folder, progress.position)
    assert long_line.decode() == "".join(all_of_it[LogStream.STDOUT][1:-5_001])


def test_long_line_is_split_between_characters() -> None:
    """A line over 64 KiB comes in pieces, no character torn."""
    block = cut_block(b"x" + "€".encode() * 40_000 + b"\n", is_last=False)
    assert block is not None
    assert 1 == block.lines
    assert LINE_BYTES_MAX - 3 < block.used <= LINE_BYTES_MAX
    assert "x" + "€" * (len(block.text) - 1) == block.text


def test_line_of_exactly_the_limit_is_whole() -> None:
    """64 KiB are one line, whether or not its newline has come."""
    line = b"y" * LINE_BYTES_MAX
    assert cut_block(line, is_last=False) is None
    whole = cut_block(line + b"\n", is_last=False)
    assert (LINE_BYTES_MAX + 1, line.decode(), 1, False) == whole


def test_torn_character_waits_for_its_rest(folder: Path) -> None:
    """Nothing of an unfinished line is shown, so no half character is."""
    printed = "a€\n".encode()
    with closing(Spool(folder, None, bytes_max=ENOUGH)) as spool:
        for end in range(1, len(printed)):
            (folder / "stdout").write_bytes(printed[:end])
            assert spool.read(is_ended=False) is None
        (folder / "stdout").write_bytes(printed)
        progress = spool.read(is_ended=False)
    assert progress is not None
    assert ["a€"] == [output.text for output in progress.outputs]


def test_outputs_are_small_and_observations_large(folder: Path) -> None:
    """An output fits a frame of a socket; an observation carries many of a backlog."""
    (folder / "stdout").write_bytes(b"z" * 79 + b"\n" + (b"z" * 79 + b"\n") * 20_000)
    first = next(progresses(folder))
    assert {BLOCK_LINES} == {output.lines for output in first.outputs}
    assert 5 < len(first.outputs) < 12


def test_cap_cuts_at_a_line_border(folder: Path) -> None:
    """What is over the cap is not delivered, nor is half a line."""
    (folder / "stdout").write_bytes(b"12345\n" * 10)
    (folder / "stderr").write_bytes(b"1\n" * 10)
    lines = read_lines(folder, bytes_max=65)
    assert (10, 2) == (len(lines[LogStream.STDOUT]), len(lines[LogStream.STDERR]))
    assert 5 == len(read_lines(folder, bytes_max=35)[LogStream.STDOUT])


@pytest.mark.parametrize("position", ["", "[]", "{}", '{"out":"x","err":0}', "null"])
def test_foreign_position_is_refused(folder: Path, position: str) -> None:
    """A position that is none of ours is an answer, no crash."""
    with pytest.raises(ProviderRefused):
        Spool(folder, position, bytes_max=ENOUGH)


def test_a_cut_line_waits_until_it_can_be_seen_around_the_cut(folder: Path) -> None:
    """It comes with what follows, also where that is the line's end or the run's."""
    line = b"z" * LINE_BYTES_MAX + b"y" * (AROUND_BYTES - 1)
    with closing(Spool(folder, None, bytes_max=ENOUGH)) as spool:
        (folder / "stdout").write_bytes(line)
        assert spool.read(is_ended=False) is None
        (folder / "stdout").write_bytes(line + b"yy")
        [first] = (spool.read(is_ended=False) or Progress(outputs=(), position="")).outputs
    assert ("z" * LINE_BYTES_MAX, "y" * AROUND_BYTES) == (first.text, first.after)
    for printed, is_ended in ((b"abc\ndef\n", False), (b"abc", True)):
        (folder / "stdout").write_bytes(b"z" * LINE_BYTES_MAX + printed)
        with closing(Spool(folder, None, bytes_max=ENOUGH)) as spool:
            progress = spool.read(is_ended=is_ended)
        assert progress is not None
        assert "abc" == progress.outputs[0].after


def test_a_resumed_reader_tells_what_is_before_its_position(folder: Path) -> None:
    """Once for each stream, with the newline where a line has ended, and not at the beginning."""
    (folder / "stdout").write_bytes(b"one\r\ntwo\nthree\n" * 2)
    (folder / "stderr").write_bytes(b"four\n" * 2)
    with closing(Spool(folder, '{"out":9,"err":0}', bytes_max=ENOUGH)) as spool:
        progress = spool.read(is_ended=True)
        assert progress is not None
        assert ["one\ntwo\n", ""] == [output.before for output in progress.outputs]
        (folder / "stdout").write_bytes(b"one\r\ntwo\nthree\n" * 3)
        again = spool.read(is_ended=True)
    assert again is not None
    assert [""] == [output.before for output in again.outputs]


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32), width=st.integers(1, 4))
def test_secrets_across_cuts_and_restarts_leave_nothing(seed: int, width: int) -> None:
    """A line of some hundred KiB full of secrets, read with a new reader and a new view of the run
    at any of its positions: what is stored is the same, and no part of a secret is in it."""
    chance = random.Random(seed)
    redactor = Redactor(["sesame-ópen-the-door"], AutomatonFinder)
    filling = "x€😀y"[:width]
    printed = "".join(
        f"{filling * chance.randint(0, 90)}sesame-ópen-the-door"
        for _ in range(chance.randint(1, 1500))
    )
    with TemporaryDirectory() as name:
        (Path(name) / "stdout").write_bytes(f"{printed}\nrest".encode())
        stored, position, intake = "", None, Intake()
        while True:
            with (
                closing(Spool(Path(name), position, bytes_max=ENOUGH)) as spool,
                pytest.MonkeyPatch.context() as patched,
            ):
                patched.setattr("adapters.local.spool.PROGRESS_BYTES", 1)
                progress = spool.read(is_ended=True)
            if progress is None:
                break
            taken = intake.take(progress.outputs, redactor)
            stored += "".join(output.text for output in taken.outputs)
            position, intake = progress.position, chance.choice([taken.intake, Intake()])
    assert set(stored) <= {*filling, "*", *"rest"}
    assert printed.replace("sesame-ópen-the-door", "") + "rest" == stored.replace("*", "")
