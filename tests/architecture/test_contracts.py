"""The arrows between rooms: each contract in pyproject.toml is broken by what it forbids."""

import importlib
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
SETTINGS: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS: Final[list[str]] = SETTINGS["tool"]["importlinter"]["root_packages"]

INWARD: Final = "Arrows between rooms point inward"
SCHEMA: Final = "The schema knows neither adapters nor persistence"
PURE: Final = "The domain knows no framework"
APP: Final = "No room knows the composition root"
ENTRY: Final = "What surrounds the rooms knows only the domain"
CLIENT: Final = "The terminal's client knows the server by its API alone"
CYCLES: Final = "No cycle between siblings inside a room"
RINGS: Final = "Inside the domain, arrows point to the lifecycle"

# One place in each room where a new file is nothing special.
PACKAGES: Final = ("schema", "resolvers", "adapters", "persistence", "domain.models")


def cycle(package: str) -> dict[str, str]:
    """Two new files that import each other."""
    folder = package.replace(".", "/")
    return {
        f"{folder}/one.py": f"import {package}.other",
        f"{folder}/other.py": f"import {package}.one",
    }


CASES: Final = [
    (INWARD, {"resolvers/planted.py": "import persistence"}),
    (INWARD, {"resolvers/planted.py": "import adapters"}),
    (INWARD, {"adapters/planted.py": "import persistence"}),
    (INWARD, {"persistence/planted.py": "import resolvers"}),
    (INWARD, {"resolvers/planted.py": "import schema"}),
    (INWARD, {"domain/services/planted.py": "import adapters"}),
    (SCHEMA, {"schema/planted.py": "import adapters"}),
    (SCHEMA, {"schema/planted.py": "import persistence"}),
    (PURE, {"domain/services/planted.py": "import sqlalchemy"}),
    (PURE, {"domain/models/planted.py": "import strawberry"}),
    *((APP, {f"{package.replace('.', '/')}/planted.py": "import app"}) for package in PACKAGES),
    (APP, {"persistence/planted.py": "import serving"}),
    (APP, {"schema/planted.py": "import cli"}),
    (ENTRY, {"serving/planted.py": "import persistence"}),
    (ENTRY, {"serving/planted.py": "import app"}),
    (CLIENT, {"cli/client/planted.py": "import domain.lifecycle"}),
    (CLIENT, {"cli/run.py": "import cli.server"}),
    *((CYCLES, cycle(package)) for package in [*PACKAGES, "serving", "cli.client"]),
    (RINGS, {"domain/ids.py": "import domain.lifecycle"}),
    (RINGS, {"domain/topics.py": "import domain.ports"}),
    (RINGS, {"domain/planted.py": "# in no ring"}),
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The rooms and the contracts, to be spoiled."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def broken_contracts(tree: Path) -> set[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    shown = subprocess.run(
        command, cwd=tree, capture_output=True, text=True, check=False, timeout=50
    )
    verdicts = dict(re.findall(r"^(.+) (KEPT|BROKEN)\b.*$", shown.stdout, re.MULTILINE))
    assert {INWARD, SCHEMA, PURE, APP, ENTRY, CLIENT, CYCLES, RINGS} == set(verdicts), shown.stdout
    return {name for name, verdict in verdicts.items() if verdict == "BROKEN"}


def test_the_tree_keeps_every_contract(tree: Path) -> None:
    """Nothing is broken before something is planted."""
    assert set() == broken_contracts(tree)


@pytest.mark.parametrize(("contract", "planted"), CASES)
def test_a_planted_import_breaks_its_contract_only(
    tree: Path, contract: str, planted: dict[str, str]
) -> None:
    """Each contract notices what it is there for, and no other takes its place."""
    for name, line in planted.items():
        with (tree / name).open("a", encoding="utf-8") as module:
            module.write(f"\n{line}\n")

    assert {contract} == broken_contracts(tree)


@pytest.mark.parametrize("room", [*ROOMS, "app"])
def test_the_rooms_are_ours(room: str) -> None:
    """Packages of these names exist in the world; none of them got in before ours."""
    found = importlib.import_module(room).__file__

    assert found is not None
    assert Path(found).is_relative_to(ROOT)
