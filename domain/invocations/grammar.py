"""The signs and words that divide shell text into commands."""

import re
from typing import Final

BLANK: Final = re.compile(r"(?:[ \t]|\\\n)+")
COMMENT: Final = re.compile(r"#[^\n]*")
REDIRECTION: Final = re.compile(
    r"(?:\d+|\{\w+\})?(<<<|<<-?|<>|<&|<(?!\()|>>|>&|>\||>(?!\())|(&>>|&>)"
)
DUPLICATE: Final = re.compile(r"\d+-?|-")
SEPARATOR: Final = re.compile(r";;&|;;|;&|&&|\|\||\|&|[;&|\n]")
KEYWORD: Final = re.compile(
    r"(?:if|then|elif|else|fi|while|until|do|done|for|case|esac|select|function|coproc|time"
    r"|\{|\}|!|\[\[)(?=[\s;&|()<>]|$)"
)
ASSIGNMENT: Final = re.compile(r"([A-Za-z_]\w*)=", re.ASCII)
ODD_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*(?:\[[^\]\s]*\]\+?|\+)=", re.ASCII)
TEST: Final = re.compile(r"\[\[\s")
END_OF_TEST: Final = re.compile(r"\]\](?=[\s;&|)]|$)")
IN: Final = re.compile(r"in(?=\s|;)")
PORTABLE_TIME: Final = re.compile(r"-p(?=\s)")
NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
PLAIN_VALUE: Final = re.compile(r"[\w./@%+:,*?=-]+", re.ASCII)
BOMB: Final = re.compile(
    r"([^\s(){};|&]{1,32})\s{0,9}\(\s{0,9}\)\s{0,9}\{[^}]{0,99}?\1\s{0,9}\|\s{0,9}\1\s{0,9}&"
)
JOINING: Final = frozenset({"bash", "rbash", "zsh"})
"""Shells to which `&>` is one sign; to others the command ends at the `&`."""
MODERN: Final = frozenset({"bash", "zsh", "ksh", "mksh", "rbash"})
"""Shells that know `[[`."""
OPENS: Final = {"if": "fi", "while": "done", "until": "done", "{": "}"}
CLOSES: Final = frozenset({"fi", "done", "esac", "}"})
