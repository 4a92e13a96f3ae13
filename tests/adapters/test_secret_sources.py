"""Where credentials are read from, and where they are not."""

import os
from pathlib import Path

import pytest

from adapters.secret_sources import SECRET_BYTES_MAX, SecretSources
from domain.models.credentials import CredentialSource, NotOpened

ENVIRON = {"API_KEY": "from a variable", "WORKBENCH_SECRET_KEYS": "ours", "EMPTY": ""}


def read(source: CredentialSource, reference: object, *private: Path) -> str:
    return SecretSources(ENVIRON, private)(source, str(reference)).reveal()


def test_a_value_is_the_text_itself() -> None:
    """Nothing is looked up."""
    assert "API_KEY" == read(CredentialSource.VALUE, "API_KEY")


def test_a_variable_is_read() -> None:
    """But none of the server's own, and none that is empty or not there."""
    assert "from a variable" == read(CredentialSource.ENVIRONMENT, "API_KEY")
    for name in ("WORKBENCH_SECRET_KEYS", "EMPTY", "NOWHERE", ""):
        with pytest.raises(NotOpened):
            read(CredentialSource.ENVIRONMENT, name)


def test_a_file_is_read_anew_each_time(tmp_path: Path) -> None:
    """Without the end of its last line."""
    path = tmp_path / "key"
    for text in ("first", "second"):
        path.write_text(f"{text}\r\n")
        assert text == read(CredentialSource.FILE, path)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    """Also what would never end, what is not text, and what lies with the server's own records."""
    (tmp_path / "big").write_bytes(b"x" * (SECRET_BYTES_MAX + 1))
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "nul").write_bytes(b"a\0b")
    (tmp_path / "empty").write_text("\n")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "token").write_text("wb_x")
    (tmp_path / "link").symlink_to(tmp_path / "ours" / "token")
    names = ("big", "bytes", "nul", "empty", "pipe", "ours", "ours/token", "link", "nowhere")
    paths = [tmp_path / name for name in names]
    for path in [*paths, "key", "/proc/self/environ", "/dev/zero", "a\0b"]:
        with pytest.raises(NotOpened) as refused:
            read(CredentialSource.FILE, path, tmp_path / "ours")
        assert str(tmp_path) not in str(refused.value)
