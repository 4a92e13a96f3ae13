"""What is sealed opens in its own place, as it was sealed, and with its key; and nowhere else."""

from base64 import b64decode, b64encode
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sealing import AesGcmCipher, key_id_of
from domain.errors import SecretKeysMissing
from domain.ids import ProjectId
from domain.models.credentials import CredentialPlace, NotOpened, Sealed
from domain.models.secrets import Secret
from serving.secret_keys import GivenKeys, KeyFile

KEY: Final = b"k" * 32
OTHER: Final = b"o" * 32
PLACE: Final = CredentialPlace(project_id=ProjectId("p" * 32), provider="a2a", name="token")
SECRET: Final = Secret("sesame-öpen")


def cipher(*keys: bytes) -> AesGcmCipher:
    return AesGcmCipher(GivenKeys(keys or (KEY,)))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_comes_back(text: str) -> None:
    """Any text, and two seals of it have nothing in common."""
    one, two = (cipher().seal(Secret(text), PLACE) for _ in range(2))
    assert Secret(text) == cipher().open(one, PLACE)
    assert one.ciphertext != two.ciphertext
    assert one.key_id == two.key_id == key_id_of(KEY)


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(PLACE, project_id=ProjectId("q" * 32)),
        replace(PLACE, provider="a2"),
        replace(PLACE, name="token2"),
        replace(PLACE, provider="a2atoken", name=""),
        replace(PLACE, provider="token", name="a2a"),
    ],
)
def test_a_row_that_is_copied_elsewhere_does_not_open(elsewhere: CredentialPlace) -> None:
    """Another project, provider or name, also where they read the same in a row."""
    sealed = cipher().seal(SECRET, PLACE)
    with pytest.raises(NotOpened, match="not what was sealed here"):
        cipher().open(sealed, elsewhere)


def test_a_changed_bit_does_not_open() -> None:
    """At any place; nor what is cut, or no base64."""
    sealed = cipher().seal(SECRET, PLACE)
    stored = b64decode(sealed.ciphertext)
    changed = [
        stored[:at] + bytes([stored[at] ^ 1]) + stored[at + 1 :] for at in range(len(stored))
    ]
    texts = [b64encode(each).decode() for each in (*changed, stored[:-1], stored[:12], b"")]
    for text in [*texts, "no base64!"]:
        with pytest.raises(NotOpened):
            cipher().open(replace(sealed, ciphertext=text), PLACE)


def test_another_key_does_not_open() -> None:
    """Neither one that is not there nor one under whose name it is put."""
    sealed = cipher().seal(SECRET, PLACE)
    with pytest.raises(NotOpened, match=f"the key {sealed.key_id} that it was sealed with"):
        cipher(OTHER).open(sealed, PLACE)
    with pytest.raises(NotOpened):
        cipher(OTHER).open(replace(sealed, key_id=key_id_of(OTHER)), PLACE)
    with pytest.raises(NotOpened, match="no key is here"):
        AesGcmCipher(GivenKeys(())).open(sealed, PLACE)


def test_the_first_key_seals_and_all_open() -> None:
    """So that a key can be replaced while servers run."""
    old = cipher(OTHER).seal(SECRET, PLACE)
    both = cipher(KEY, OTHER)
    assert SECRET == both.open(old, PLACE)
    assert key_id_of(KEY) == both.key_id == both.seal(SECRET, PLACE).key_id


def test_without_keys_nothing_is_sealed() -> None:
    """And the answer says what to do."""
    nothing = AesGcmCipher(GivenKeys(()))
    assert None is nothing.key_id
    with pytest.raises(SecretKeysMissing, match="WORKBENCH_SECRET_KEYS"):
        nothing.seal(SECRET, PLACE)


def test_a_key_file_is_made_when_something_is_sealed_first(tmp_path: Path) -> None:
    """Others find its key; its mode is for its owner only."""
    file = KeyFile(tmp_path / "secret-keys")
    assert None is AesGcmCipher(file).key_id
    sealed = AesGcmCipher(file).seal(SECRET, PLACE)
    assert SECRET == AesGcmCipher(file).open(sealed, PLACE)
    assert 0o600 == (tmp_path / "secret-keys").stat().st_mode & 0o777
    assert ["secret-keys"] == [path.name for path in tmp_path.iterdir()]


def test_a_key_that_was_added_to_the_file_is_found(tmp_path: Path) -> None:
    """By whoever has read the file before; and from then on it seals."""
    file = KeyFile(tmp_path / "secret-keys")
    running = AesGcmCipher(file)
    old = running.seal(SECRET, PLACE)
    file.add()
    new = AesGcmCipher(file).seal(SECRET, PLACE)
    assert old.key_id != new.key_id
    assert [SECRET, SECRET] == [running.open(each, PLACE) for each in (old, new)]
    assert new.key_id == running.seal(SECRET, PLACE).key_id


def test_a_key_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """With the line, and never with what stands there."""
    path = tmp_path / "secret-keys"
    path.write_text("\n".join(["a" * 64, "hush-hush"]))
    broken = AesGcmCipher(KeyFile(path))
    with pytest.raises(SecretKeysMissing, match="line 2 is no key") as refused:
        broken.seal(SECRET, PLACE)
    with pytest.raises(NotOpened, match="line 2 is no key") as unread:
        broken.open(Sealed(key_id="x", ciphertext=""), PLACE)
    assert "hush" not in str(refused.value) + str(unread.value)


def test_nothing_of_a_secret_is_shown() -> None:
    """Whatever prints it; and of what is sealed nothing either."""
    sealed = cipher().seal(SECRET, PLACE)
    for shown in (repr(SECRET), str(SECRET), f"{SECRET}", repr(sealed), repr(GivenKeys((KEY,)))):
        assert "sesame" not in shown
        assert sealed.ciphertext not in shown
        assert "kkk" not in shown
