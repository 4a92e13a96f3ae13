"""Check an exported audit log without the workbench: Python and the package `cryptography` only.

    workbench audit export > audit.ndjson
    python examples/verify_audit.py audit.ndjson --key KEY

KEY is the server's public key, as `workbench audit verify` prints it; write it down where whoever
has the server cannot change it. docs/reference/audit.md says what is checked, and how.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Line = dict[str, Any]


class Forged(Exception):
    """The log is not as it was written."""


class Chain:
    """What is known of one chain so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.hashes = ["0" * 64]
        self.attested = 0

    def add(self, line: Line) -> None:
        """Check an entry and go on behind it."""
        place = len(self.hashes)
        if line["sequence"] != place:
            raise Forged(f"{self.name}: entry {place} is missing")
        text = f"{self.name}:{place}:{self.hashes[-1]}:{canonical(line['body'])}"
        if hashlib.sha256(text.encode()).hexdigest() != line["hash"]:
            raise Forged(f"{self.name}: entry {place} was changed")
        self.hashes.append(line["hash"])

    def attest(self, told: Line, keys: Iterable[str]) -> None:
        """Check that a signature vouches for an entry as it is."""
        place = told["sequence"]
        signed = canonical({name: told[name] for name in ("at", "chain", "hash", "sequence")})
        if told["chain"] != self.name or told["key"] not in keys:
            raise Forged(f"{self.name}: entry {place} is attested by a key that is not trusted")
        try:
            public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(told["key"]))
            public.verify(bytes.fromhex(told["signature"]), signed.encode())
        except (InvalidSignature, ValueError):
            raise Forged(f"{self.name}: entry {place} has a wrong signature") from None
        if place >= len(self.hashes):
            raise Forged(f"{self.name}: entry {len(self.hashes)} is missing: there were {place}")
        if self.hashes[place] != told["hash"]:
            raise Forged(f"{self.name}: entry {place} is not the one that was attested")
        self.attested = max(self.attested, place)


def canonical(value: object) -> str:
    """The bytes that were hashed: JSON with sorted keys, without spaces, as UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def check(lines: Iterable[str], keys: set[str]) -> list[Chain]:
    """All chains of an export, in their order. Raises Forged."""
    chains: list[Chain] = []
    for text in lines:
        line = json.loads(text)
        if "format" in line:
            chains.append(Chain(line["chain"]))
        elif not chains:
            raise Forged("the export does not begin with the header of a chain")
        elif "attestation" in line:
            chains[-1].attest(line["attestation"], keys)
        else:
            chains[-1].add(line)
    return chains


def main() -> None:
    """Exit with 1 where anything is not as it was."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("export", type=Path)
    parser.add_argument("--key", action="append", required=True, help="a key to trust; or more")
    options = parser.parse_args()
    try:
        with options.export.open(encoding="utf-8") as lines:
            chains = check(lines, set(options.key))
    except Forged as error:
        sys.exit(str(error))
    for chain in chains:
        total = len(chain.hashes) - 1
        print(f"{chain.name}: {total} entries are whole, attested up to {chain.attested}")


if __name__ == "__main__":
    main()
