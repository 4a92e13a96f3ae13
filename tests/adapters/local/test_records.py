"""What a supervisor keeps of its runs is on disk before it goes on."""

import errno
import os
from pathlib import Path
from queue import Queue

import pytest

from adapters.local import records


def named(descriptor: int) -> str:
    """The path that an open file has."""
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())


def test_a_record_is_on_disk_with_the_names_that_lead_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file, its folder and the one around it: any of them may be lost with the power."""
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(named(descriptor)))
    folder = tmp_path / "run"
    folder.mkdir()
    records.write_in_place(folder / "order", {"at": 1}, tmp_path)
    assert {str(folder / "order"), str(folder), str(tmp_path)} == set(synced)
    assert {"at": 1} == records.read_record(folder / "order")


@pytest.mark.parametrize("failing", ["order", "run", "spool"])
def test_what_may_not_be_on_disk_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """Whichever it is, so that nothing is started that might be started again."""

    def fsync(descriptor: int) -> None:
        if named(descriptor).endswith(failing):
            raise OSError(errno.EIO, "the disk is broken")

    folder = tmp_path / "spool" / "run"
    folder.mkdir(parents=True)
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="broken"):
        records.write_in_place(folder / "order", {"at": 1}, folder.parent)


def test_a_record_that_nobody_waits_for_reaches_the_disk_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its name; and one that was removed meanwhile is nobody's trouble."""
    synced: Queue[str] = Queue()
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.put(named(descriptor)))
    records.sync_soon(tmp_path / "gone")
    records.write_record(tmp_path / "exit", {"at": 1}, durable=False)
    assert synced.empty()
    records.sync_soon(tmp_path / "exit")
    assert [str(tmp_path / "exit"), str(tmp_path)] == [synced.get(timeout=60) for _ in range(2)]
