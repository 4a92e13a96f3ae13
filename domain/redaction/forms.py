"""How a secret looks in text after programs have encoded, escaped or quoted it."""

import base64
import html
import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

BYTES_MIN: Final = 6
"""A secret with fewer is not masked: it would blank out ordinary words."""
PIECE_CHARACTERS: Final = 4096
"""A longer form is looked for in pieces of this length, so that a bounded part of the text around
a cut is enough to find it."""

# What the encoders of other languages leave as it is, besides letters, digits and `_.-~`.
_URL_SAFE: Final = ("", "/", "!'()*", "*", "$&+=:@", ";/?:@&=+$,#!'()*")
_BASE64_SKIPPED: Final = (0, 2, 3)
"""Characters that also hold bits of what stands 0, 1 or 2 bytes before."""
_WRAPPED_AT: Final = (64, 76)
_PERCENT: Final = re.compile("%[0-9A-F]{2}")
_UNICODE: Final = re.compile(r"\\u[0-9a-f]{4}")
_JSON_UNSAFE: Final = str.maketrans({c: f"\\u{ord(c):04x}" for c in "<>&'\u2028\u2029"})
_ANSI_C: Final = {"\n": r"\n", "\t": r"\t", "\r": r"\r", "'": r"\'", "\\": r"\\"}
_NAMED_APOSTROPHE: Final = ("&#39;", "&apos;", "&#039;")


def is_long_enough(secret: str) -> bool:
    """Whether it is masked at all. A text of nothing but our own mask is no secret."""
    return len(_bytes(secret.strip())) >= BYTES_MIN and bool(set(secret) - {"*"})


def forms_of(secret: str) -> frozenset[str]:
    """Every text to look for, each on one line and of BYTES_MIN characters or more."""
    return frozenset(
        piece
        for text in _variants(secret)
        for form in _encoded(text)
        for piece in _pieces(form)
        if is_long_enough(piece)
    )


def heads_of(secret: str) -> frozenset[str]:
    """Of a secret over several lines the beginnings that end with a line too short to be looked
    for by itself: it is masked where it follows the lines before it."""
    lines = _normalized(secret).strip().split("\n")
    heads = ("\n".join(lines[: count + 1]) for count in range(1, len(lines)))
    return frozenset(
        head
        for head, line in zip(heads, lines[1:], strict=True)
        if any(map(str.isalnum, line)) and not is_long_enough(line) and is_long_enough(head)
    )


def _variants(secret: str) -> set[str]:
    """As it is, as a file or a shell would hand it on, and as our log shows it."""
    normalized = _normalized(secret)
    return {secret, normalized, secret.strip(), normalized.strip()}


def _normalized(secret: str) -> str:
    return secret.replace("\r\n", "\n").replace("\0", "\u2400")


def _encoded(text: str) -> Iterator[str]:
    yield text
    for encode in (_url, _base64, _hex, _json, _shell, _html):
        yield from encode(text)


def _pieces(form: str) -> Iterator[str]:
    """Each line by itself, but for what frames a key and is no secret."""
    for line in form.split("\n"):
        if line.strip().startswith("-----") or not any(map(str.isalnum, line)):
            continue
        text = line.strip(" \t\r")
        last = max(0, len(text) - PIECE_CHARACTERS)
        yield from (text[at : at + PIECE_CHARACTERS] for at in range(0, last, PIECE_CHARACTERS))
        yield text[last:]


def _url(text: str) -> Iterator[str]:
    escaped = {encode(text, safe) for safe in _URL_SAFE for encode in (quote, quote_plus)}
    escaped.add("".join(f"%{byte:02X}" for byte in _bytes(text)))
    for form in escaped:
        yield form
        yield _PERCENT.sub(lambda found: found[0].lower(), form)


def _base64(text: str) -> Iterator[str]:
    plain = _bytes(text)
    for offset, skipped in enumerate(_BASE64_SKIPPED):
        whole = base64.b64encode(b"\0" * offset + plain).decode()
        end = (offset + len(plain)) * 8 // 6
        for form in (whole[skipped:end], whole[skipped:].rstrip("="), whole[skipped:]):
            yield from _in_both_alphabets(form)
    core = base64.b64encode(plain).decode()[: len(plain) * 8 // 6]
    for width in _WRAPPED_AT:
        if len(core) > width:
            yield "\n".join(core[at : at + width] for at in range(0, len(core), width))


def _in_both_alphabets(form: str) -> tuple[str, str]:
    return form, form.replace("+", "-").replace("/", "_")


def _hex(text: str) -> Iterator[str]:
    digits = _bytes(text).hex()
    yield from (digits, digits.upper())


def _json(text: str) -> Iterator[str]:
    for ascii_only in (True, False):
        inner = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        slashed = inner.replace("/", r"\/")
        for form in (inner, slashed):
            yield from (form, form.translate(_JSON_UNSAFE), _upper(form.translate(_JSON_UNSAFE)))
        # A log line of JSON that holds JSON.
        yield json.dumps(inner, ensure_ascii=ascii_only)[1:-1]
    units = text.encode("utf-16-be", "replace").hex()
    escaped = "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    yield from (escaped, _upper(escaped))


def _upper(form: str) -> str:
    return _UNICODE.sub(lambda found: r"\u" + found[0][2:].upper(), form)


def _shell(text: str) -> Iterator[str]:
    yield shlex.quote(text)[1:-1] if shlex.quote(text) != text else text
    yield text.replace("'", r"'\''")
    yield re.sub(r"[^\w@%+=:,./\n-]", r"\\\g<0>", text, flags=re.ASCII)
    yield re.sub(r'[\\"$`!]', r"\\\g<0>", text)
    yield re.sub(r'[\\"$`]', r"\\\g<0>", text)
    yield "".join(map(_ansi_c, text))
    yield "".join(map(_octal, text))
    yield repr(text)[1:-1]
    yield repr(_bytes(text))[2:-1]


def _ansi_c(character: str) -> str:
    return _ANSI_C.get(character, character)


def _octal(character: str) -> str:
    """As bash's printf %q where the locale knows no UTF-8."""
    if (character.isascii() and character.isprintable()) or character in _ANSI_C:
        return _ansi_c(character)
    return "".join(f"\\{byte:03o}" for byte in _bytes(character))


def _html(text: str) -> Iterator[str]:
    named = html.escape(text, quote=True)
    yield from (named, html.escape(text, quote=False))
    yield from (named.replace("&#x27;", apostrophe) for apostrophe in _NAMED_APOSTROPHE)
    yield from (named.replace("&quot;", "&#34;"), named.replace("&#x27;", "'"))
    yield named.replace("&quot;", "&#34;").replace("&#x27;", "&#39;")
    numbered: Iterable[Callable[[int], str]] = (
        "&#{};".format,
        "&#x{:x};".format,
        "&#x{:X};".format,
        "&#X{:X};".format,
    )
    for number in numbered:
        yield "".join(number(ord(character)) for character in text)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
