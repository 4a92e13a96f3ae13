"""`workbench audit` as an operator uses it, and the program that checks an export without us."""

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from app import Workbench
from domain.ids import NodeId
from serving.settings import Settings
from tests.cli.served import COMMAND, ROOT, TOKEN, environment

pytestmark = pytest.mark.timeout(240)

EXAMPLE: Final = ROOT / "examples" / "verify_audit.py"


class Operator:
    """Somebody with the server's machine."""

    def __init__(self, folder: Path) -> None:
        self.records = folder

    @property
    def database(self) -> Path:
        return self.records / "workbench.db"

    def ran(self, *words: str) -> "subprocess.CompletedProcess[str]":
        variables = environment(
            WORKBENCH_DATA_DIR=str(self.records), WORKBENCH_PROJECT_ROOT=str(self.records)
        )
        return subprocess.run(
            words, env=variables, capture_output=True, text=True, timeout=120, check=False
        )

    def audit(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return self.ran(COMMAND, "audit", *words)

    def checked(self, lines: Sequence[str], key: str) -> "subprocess.CompletedProcess[str]":
        """An export, by the example."""
        path = self.records / "export.ndjson"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return self.ran(sys.executable, "-I", str(EXAMPLE), str(path), "--key", key)

    def forge(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.database, isolation_level=None)) as database:
            triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in triggers.fetchall():
                database.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                database.execute(statement)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records to copy: of a server that has made its first things, and printed a link."""
    folder = tmp_path_factory.mktemp("audit") / "records"
    folder.mkdir()
    settings = Settings(data_dir=folder, project_root=folder)
    asyncio.run(begin(Workbench(settings=settings, node=NodeId("n"), token=TOKEN)))
    return folder


async def begin(workbench: Workbench) -> None:
    await workbench.prepare()
    await workbench.sign_in.make_link_code(await workbench.sign_in.bootstrap(TOKEN))
    await workbench.database.close()


@pytest.fixture
def operator(prepared: Path, tmp_path: Path) -> Operator:
    folder = tmp_path / "records"
    shutil.copytree(prepared, folder)
    return Operator(folder)


def test_a_forged_entry_is_named(operator: Operator) -> None:
    """By its chain and number, with exit code 1; a whole log ends with 0 and the public key."""
    whole = operator.audit("verify")
    assert (0, "") == (whole.returncode, whole.stderr)
    assert "server: 3 entries, attested up to 0\ndefault: 1 entries" in whole.stdout

    operator.forge("UPDATE audit_entries SET body = replace(body, 'DONE', 'DENIED')")
    forged = operator.audit("verify")

    assert 1 == forged.returncode
    assert forged.stderr.startswith("server: entry 1 was changed")
    assert 2 == operator.audit("verify", "--project", "nada").returncode


def test_what_was_kept_elsewhere_shows_a_cut(operator: Operator) -> None:
    """Though entries, attestations and head agree with each other in the database."""
    kept = operator.records / "kept.ndjson"
    attested = operator.audit("attest")
    assert 0 == attested.returncode
    kept.write_text(attested.stdout)
    assert 0 == operator.audit("verify", "--attestations", str(kept)).returncode

    operator.forge(
        "DELETE FROM audit_attestations",
        "DELETE FROM audit_entries WHERE sequence > 2",
        "UPDATE audit_heads SET sequence = 2, hash = (SELECT hash FROM audit_entries "
        "WHERE chain = 'server' AND sequence = 2) WHERE chain = 'server'",
    )

    assert 0 == operator.audit("verify").returncode
    cut = operator.audit("verify", "--attestations", str(kept))
    assert (1, "server: entry 3 is missing: there were 3\n") == (cut.returncode, cut.stderr)
    kept.write_text("nonsense\n")
    assert 2 == operator.audit("verify", "--attestations", str(kept)).returncode


def test_an_export_is_checked_without_us(operator: Operator) -> None:
    """Its last entry is that it was exported; whatever is done to it is found."""
    export = operator.audit("export")
    assert (0, "") == (export.returncode, export.stderr)
    all_lines = export.stdout.splitlines()
    lines = all_lines[:6]
    header, *_, last, attestation = lines
    key = json.loads(header)["key"]
    assert "AUDIT_EXPORT" == json.loads(last)["body"]["action"]
    whole = operator.checked(all_lines, key)
    assert 0 == whole.returncode
    assert whole.stdout.startswith("server: 4 entries are whole, attested up to 4\n")
    assert whole.stdout.endswith(": 2 entries are whole, attested up to 2\n")
    assert 0 == operator.audit("verify").returncode

    def said(*forged: str) -> str:
        ran = operator.checked(forged, key)
        assert 1 == ran.returncode
        return ran.stderr.strip()

    assert "server: entry 2 was changed" == said(*lines[:2], changed(lines[2]), *lines[3:])
    assert "server: entry 2 is missing" == said(*lines[:2], *lines[3:])
    assert "server: entry 4 is missing: there were 4" == said(*lines[:-2], attestation)
    assert "server: entry 3 has a wrong signature" == said(
        *lines[:-1], attestation.replace('"sequence":4', '"sequence":3')
    )
    stranger = operator.checked(lines, "00" * 32)
    assert "not trusted" in stranger.stderr


def changed(line: str) -> str:
    told: dict[str, Any] = json.loads(line)
    told["body"]["actor"] = "somebody else"
    return json.dumps(told)


def test_the_key_is_for_its_owner_only(operator: Operator) -> None:
    """Made once, with mode 0600, and the same from then on."""
    assert 0 == operator.audit("attest").returncode
    path = operator.records / "audit-key"
    first = path.read_text()
    assert 0o600 == path.stat().st_mode & 0o777
    assert 0 == operator.audit("verify").returncode
    assert first == path.read_text()
    assert 64 == len(first.strip())
