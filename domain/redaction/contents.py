"""Looking through what a file holds, which cannot be masked: its digest is of every byte."""

import asyncio
from codecs import getincrementaldecoder
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from domain.redaction.redactor import CONTEXT_CHARACTERS, Redactor

LOOKED_AT_BYTES: Final = 8192
"""Where a NUL is in the first so many, a file is taken for binary, as git does."""


class SecretFound(Exception):
    """A text has a secret in it that is known here."""


async def without_secrets(
    pieces: AsyncGenerator[bytes, None], redactor: Redactor
) -> AsyncGenerator[bytes, None]:
    """The same pieces, as long as no known secret stands in them, in any of its forms, also across
    their borders. Raises SecretFound. Only text is looked through, as UTF-8: what is compressed
    shows nothing."""
    decoder = getincrementaldecoder("utf-8")("replace")
    seen, is_text, before = 0, True, ""
    async with aclosing(pieces):
        async for piece in pieces:
            is_text = is_text and b"\0" not in piece[: max(0, LOOKED_AT_BYTES - seen)]
            seen += len(piece)
            if is_text:
                text = before + decoder.decode(piece)
                if await asyncio.to_thread(redactor.knows_any_in, text):
                    raise SecretFound
                before = text[-CONTEXT_CHARACTERS:]
            yield piece
