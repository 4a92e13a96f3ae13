"""No secret gets through in any form, and nothing else is touched."""

import base64
import random
from functools import cache

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adapters.finding import AutomatonFinder
from benchmarks.placements import FORMS, secrets
from benchmarks.redaction import leaks
from domain.redaction.forms import BYTES_MIN, forms_of, is_long_enough
from domain.redaction.redactor import MASK, Redactor

PLACEMENTS = 20_000


def make(*known: str) -> Redactor:
    return Redactor(known, AutomatonFinder)


@cache
def knowing_many() -> tuple[list[str], Redactor]:
    known = secrets(200, random.Random(5))
    return known, make(*known)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
SECRET = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="*"), min_size=6)
NARROW = st.text("ab'%&\\n\n", min_size=6, max_size=12)


def test_placements_leave_nothing() -> None:
    """Two hundred secrets, in every form that a program gives them, somewhere in a line."""
    known, redactor = knowing_many()
    assert [] == leaks(redactor, known, PLACEMENTS, seed=random.randrange(2**32))


def test_every_form_is_masked_whole() -> None:
    """A form that stands alone leaves nothing but the mask and its frame."""
    chance = random.Random(1)
    secret = "tr0ub/4dor+&'\"$ é€"
    redactor = make(secret)
    for form, encode in FORMS:
        printed, leak = encode(secret, chance)
        assert leak not in redactor.text(f"x={printed};"), form
        assert MASK in redactor.text(f"x={printed};"), form


@settings(deadline=None)
@given(known=st.lists(SECRET | NARROW, max_size=3), text=TEXT, data=st.data())
def test_no_form_of_any_secret_remains(known: list[str], text: str, data: st.DataObject) -> None:
    """Wherever it stands, and however secrets overlap."""
    redactor = make(*known)
    forms = sorted(set().union(*map(forms_of, filter(is_long_enough, known))))
    assume(not any("*" in form for form in forms))
    inserted = data.draw(st.lists(st.sampled_from(forms), max_size=3)) if forms else []
    printed = text.join(["", *inserted, ""])
    masked = redactor.text(printed)
    assert [] == [form for form in forms if form in masked]


@given(text=TEXT)
def test_text_without_secrets_is_unchanged(text: str) -> None:
    """Byte for byte, whatever is in it."""
    assume("://" not in text)
    _, redactor = knowing_many()
    assert (text, 0) == (redactor.mask(text).text, redactor.mask(text).count)


@given(known=st.lists(SECRET, max_size=3), text=TEXT)
def test_masking_again_changes_nothing(known: list[str], text: str) -> None:
    """What was masked holds no secret, also not across the mask."""
    redactor = make(*known)
    once = redactor.text(text.join(["", *known, ""]))
    assert once == redactor.text(once)


def test_secrets_are_counted() -> None:
    """Each place counts; secrets that overlap are one place, those that touch are two."""
    redactor = make("wb_secret-token", "token-and-more")
    masked = redactor.mask(
        "a wb_secret-token b wb_secret-token-and-more c wb_secret-tokenwb_secret-token"
    )
    assert (f"a {MASK} b {MASK} c {MASK}{MASK}", 4) == (masked.text, masked.count)


def test_a_secret_inside_another_leaves_no_rest() -> None:
    """The longer one is masked whole, whichever begins first."""
    redactor = make("abcdefgh", "abcdefgh-and-more", "the-abcdefgh")
    assert f"{MASK} {MASK}" == redactor.text("abcdefgh-and-more the-abcdefgh")


@pytest.mark.parametrize("secret", ["", "abcde", "ab\n", "é€", "********"])
def test_short_secrets_are_ignored_and_told(secret: str) -> None:
    """Fewer than six bytes would blank out ordinary words; so would our own mask."""
    redactor = make(secret)
    assert f"a {secret} b" == redactor.text(f"a {secret} b")
    assert (1 if secret else 0) == redactor.ignored


def test_six_bytes_are_enough() -> None:
    """They are counted as UTF-8."""
    assert BYTES_MIN == len("é€b".encode())
    assert is_long_enough("é€b")
    assert MASK == make("é€b").text("é€b")


def test_lines_of_a_secret_are_masked_one_by_one() -> None:
    """Also where something stands before each, and in any order; their number stays."""
    redactor = make("first line\nsecond line\r\nthird line\n")
    assert f"  {MASK}\n| {MASK}" == redactor.text("  third line\n| second line")


def test_short_lines_are_masked_behind_the_lines_before_them() -> None:
    """Six bytes of a secret in short lines are masked, its first few bytes alone are not."""
    redactor = make("abc\ndef\nghi")
    assert f"abc\n{MASK}\n{MASK}\nend" == redactor.text("abc\ndef\nghi\nend")
    assert "def\nghi" == redactor.text("def\nghi")
    context = redactor.mask("abc").context
    assert MASK == redactor.mask("def", before=context).text


def test_frames_and_punctuation_of_a_secret_are_no_secret() -> None:
    """What a thousand other files begin with is told."""
    secret = '{\n"key": "sesame-open"\n}\n-----BEGIN PRIVATE KEY-----\n'
    assert f"{{\n{MASK}\n}}" == make(secret).text('{\n"key": "sesame-open"\n}')
    assert "-----BEGIN PRIVATE KEY-----" == make(secret).text("-----BEGIN PRIVATE KEY-----")


def test_long_secrets_are_masked_in_wrapped_base64() -> None:
    """As `base64` and `openssl` print them, in lines of 76 and 64."""
    secret = "".join(random.Random(3).choices("abcdefghij", k=3000))
    printed = base64.encodebytes(secret.encode()).decode().rstrip()
    assert {MASK} == set(make(secret).text(printed).split("\n"))


def test_very_long_secrets_are_masked_whole() -> None:
    """Forms over the length of a piece are found by their pieces."""
    secret = "".join(random.Random(4).choices("abcdefghij/+", k=30_000))
    masked = make(secret).text(f"<{secret}>")
    assert "" == masked.strip("<>*")


def test_half_a_surrogate_pair_stops_nothing() -> None:
    """Text that is no Unicode, from an error message, is masked as well."""
    assert f"\udce4 {MASK}" == make("sesame-open").text("\udce4 sesame-open")
