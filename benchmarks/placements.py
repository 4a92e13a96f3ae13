"""Secrets put into lines of log in every form, by other code than that which looks for them."""

import base64
import codecs
import html
import json
import random
import shlex
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, quote_plus

TOKEN: Final = string.ascii_letters + string.digits + "-_"
HARD: Final = string.ascii_letters + string.digits + string.punctuation + " äß€😀"
WORDS: Final = (
    "GET /api/v1/users?page=2 200 12ms",
    "INFO worker started job=",
    "Compiling serde v1.0.219 (/build/serde)",
    'at Object.<anonymous> ("/srv/app/index.js":10:5)',
    "\x1b[32mPASS\x1b[0m tests/test_a.py::test_b",
    "größer als 5 €",
)

Encode = Callable[[str, random.Random], tuple[str, str]]
"""What is printed, and the part of it that must not be there afterwards."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A line, and what it gives away."""

    line: str
    leak: str
    form: str


def secrets(count: int, chance: random.Random) -> list[str]:
    """Half of them tokens, the others of anything that one can type."""
    made: list[str] = []
    for index in range(count):
        alphabet = TOKEN if index % 2 else HARD
        secret = "".join(chance.choices(alphabet, k=chance.randint(12, 64)))
        made.append("x" + secret + "y")
    return made


def log_line(chance: random.Random) -> str:
    """One without a secret, of about a hundred characters."""
    stamp = f"2026-11-21T11:00:{chance.randrange(60):02d}.{chance.randrange(1000):03d}Z"
    noise = "".join(chance.choices(TOKEN, k=16))
    return f"{stamp} {chance.choice(WORDS)} {chance.random()} {noise}"


def placements(known: list[str], chance: random.Random) -> Iterator[Placement]:
    """Without end."""
    while True:
        form, encode = chance.choice(FORMS)
        printed, leak = encode(chance.choice(known), chance)
        line = log_line(chance)
        at = chance.randint(0, len(line))
        yield Placement(f"{line[:at]} {printed} {line[at:]}", leak, form)


def _same(encode: Callable[[str], str]) -> Encode:
    def encoded(secret: str, _: random.Random) -> tuple[str, str]:
        form = encode(secret)
        return form, form

    return encoded


def _in_base64(encode: Callable[[bytes], bytes]) -> Encode:
    """Somewhere inside of what is encoded: only characters that are the secret's alone count."""

    def encoded(secret: str, chance: random.Random) -> tuple[str, str]:
        plain = secret.encode()
        before, after = (
            chance.randbytes(chance.randint(0, 9)),
            chance.randbytes(chance.randint(0, 4)),
        )
        form = encode(before + plain + after).decode()
        if chance.random() < 0.5:
            form = form.rstrip("=")
        first = -(-len(before) * 8 // 6)
        return form, form[first : (len(before) + len(plain)) * 8 // 6]

    return encoded


def _in_json(secret: str, chance: random.Random) -> tuple[str, str]:
    form = json.dumps({"key": secret}, ensure_ascii=chance.random() < 0.5)
    return form, form[len('{"key": "') : -len('"}')]


def _twice_in_json(secret: str, _: random.Random) -> tuple[str, str]:
    form = json.dumps(json.dumps(secret))
    return form, form[len(r'"\"') : -len(r'\""')]


def _units(secret: str) -> str:
    units = codecs.encode(secret.encode("utf-16-be"), "hex").decode()
    return "".join(rf"\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _backslashed(secret: str) -> str:
    return "".join(
        c if (c.isalnum() and c.isascii()) or c in "_@%+=:,./-" else f"\\{c}" for c in secret
    )


FORMS: Final[list[tuple[str, Encode]]] = [
    ("raw", _same(lambda s: s)),
    ("URL", _same(lambda s: quote(s, safe=""))),
    ("URL path", _same(quote)),
    ("URL form", _same(quote_plus)),
    ("encodeURIComponent", _same(lambda s: quote(s, safe="!'()*"))),
    ("encodeURI", _same(lambda s: quote(s, safe=";/?:@&=+$,#!'()*"))),
    ("URL, every byte", _same(lambda s: "".join(f"%{b:02X}" for b in s.encode()))),
    ("URL, every byte, lower", _same(lambda s: "".join(f"%{b:02x}" for b in s.encode()))),
    ("base64", _in_base64(base64.standard_b64encode)),
    ("base64url", _in_base64(base64.urlsafe_b64encode)),
    ("hex", _same(lambda s: s.encode().hex())),
    ("HEX", _same(lambda s: s.encode().hex().upper())),
    ("JSON", _in_json),
    ("JSON in JSON", _twice_in_json),
    ("JSON, slashes", _same(lambda s: json.dumps(s)[1:-1].replace("/", "\\/"))),
    ("JSON, every unit", _same(_units)),
    ("shell, single", _same(lambda s: s.replace("'", "'\"'\"'"))),
    ("shell, shlex", _same(lambda s: shlex.quote(s).strip("'") if "'" not in s else s)),
    ("shell, backslash", _same(lambda s: s.replace("'", "'\\''"))),
    ("shell, printf", _same(_backslashed)),
    ("shell, ANSI-C", _same(lambda s: s.replace("\\", "\\\\").replace("'", "\\'"))),
    ("Python", _same(lambda s: repr(s)[1:-1])),
    ("Python bytes", _same(lambda s: repr(s.encode())[2:-1])),
    ("HTML", _same(html.escape)),
    ("HTML, named", _same(lambda s: html.escape(s).replace("&#x27;", "&apos;"))),
    ("HTML, decimal", _same(lambda s: "".join(f"&#{ord(c)};" for c in s))),
    ("HTML, hex", _same(lambda s: "".join(f"&#x{ord(c):x};" for c in s))),
]
