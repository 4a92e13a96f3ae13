"""The data directory: private files, and an identity that a restarted server gets back."""

import os
import stat
from pathlib import Path

import pytest

from serving.data_directory import DataDirectory, DirectoryInUse


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    """A prepared one."""
    directory = DataDirectory(tmp_path / "data")
    directory.prepare()
    return directory


def test_everything_is_its_owners_alone(directory: DataDirectory) -> None:
    """Folders have mode 0700, the token file 0600."""
    directory.keep_token("wb_secret")
    assert "wb_secret" == directory.token()
    modes = [stat.S_IMODE(p.stat().st_mode) for p in (directory.path, directory.token_file)]
    assert [0o700, 0o600] == modes


def test_the_database_is_its_owners_alone_in_any_folder(tmp_path: Path) -> None:
    """Its file has mode 0600 before SQLite opens it, and one that is there stays as it is."""
    directory = DataDirectory(tmp_path)
    directory.keep_database_private()
    assert 0o600 == stat.S_IMODE(directory.database.stat().st_mode)
    directory.database.write_bytes(b"kept")
    directory.keep_database_private()
    assert b"kept" == directory.database.read_bytes()


def test_a_node_gets_its_identity_back(directory: DataDirectory) -> None:
    """Only after the first holder has gone; meanwhile another slot has another identity."""
    first = directory.take_slot()
    second = directory.take_slot()
    assert first.node != second.node
    os.close(first.lock_fd)
    again = directory.take_slot()
    assert first.node == again.node
    os.close(second.lock_fd)
    os.close(again.lock_fd)


def test_one_server_alone_may_use_it(directory: DataDirectory) -> None:
    """With a single slot, as on SQLite, the second server is told."""
    slot = directory.take_slot(slots=1)
    with pytest.raises(DirectoryInUse):
        directory.take_slot(slots=1)
    os.close(slot.lock_fd)
