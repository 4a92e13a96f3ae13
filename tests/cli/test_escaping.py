"""What a program prints cannot command the terminal it is shown on."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.client.escaping import printable


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain text", "plain text"),
        ("tab\tand ümläut 😀", "tab\tand ümläut 😀"),
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("\x1b[38;5;196mfine\x1b[m", "\x1b[38;5;196mfine\x1b[m"),
        ("\x1b]0;evil\x07", "\\x1b]0;evil\\x07"),
        ("\x1b]52;c;cm0gLXJm\x1b\\", "\\x1b]52;c;cm0gLXJm\\x1b\\"),
        ("\x1b[2J\x1b[H", "\\x1b[2J\\x1b[H"),
        ("\x1b[6n", "\\x1b[6n"),
        ("\x1b[?31m", "\\x1b[?31m"),
        ("\x1b[>4;2m", "\\x1b[>4;2m"),
        ("\x9b2J", "\\x9b2J"),
        ("good\rfake", "good\\rfake"),
        ("windows\r", "windows"),
        ("a\x08b\x7f\x00", "a\\x08b\\x7f\\x00"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\x1b", "\\x1b"),
        ("\x1b[31", "\\x1b[31"),
    ],
)
def test_control_characters_are_shown(line: str, shown: str) -> None:
    """Colors pass, all else that a terminal would obey is spelled out."""
    assert shown == printable(line)


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.text(alphabet="\x1b[]0;3m\x9b\x07\r"))
def test_nothing_but_colors_is_left(line: str) -> None:
    """Without its colors, a line has no control character but the tab."""
    rest = re.sub(r"\x1b\[[0-9;:]*m", "", printable(line)).replace("\t", "")

    assert [] == [sign for sign in rest if unicodedata.category(sign) == "Cc"]
