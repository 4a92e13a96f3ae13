"""The SHA-256 by which two inputs are known to be the same."""

import hashlib
import json
from collections.abc import Mapping


def canonical(value: Mapping[str, object]) -> str:
    """JSON with keys sorted, no spaces, non-ASCII kept (RFC 8785 in spirit; only text, whole
    numbers, booleans, nulls, lists and mappings may occur)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: Mapping[str, object]) -> str:
    """Hex SHA-256 over the canonical JSON."""
    return sha256(canonical(value))


def sha256(text: str) -> str:
    """Hex SHA-256 over UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
