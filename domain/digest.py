"""The SHA-256 by which two inputs are known to be the same."""

import hashlib
import json
from collections.abc import Mapping


def digest(value: Mapping[str, object]) -> str:
    """Hex SHA-256 over canonical JSON: keys sorted, no spaces, non-ASCII kept (RFC 8785 in spirit;
    only text, whole numbers, booleans, lists and mappings may occur)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
