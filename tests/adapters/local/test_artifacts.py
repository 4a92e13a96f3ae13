"""Files that runs leave: which globs find, which never, and what happens while they are read."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from adapters.local import artifacts
from adapters.local.adapter import LocalAdapter
from domain.errors import ProviderRefused
from domain.models.artifacts import ArtifactFault, ContentChanged
from domain.models.providers import RunHandle
from tests.adapters.local.making import make_adapter
from tests.contract.adapters.following import follow, make_order

pytestmark = pytest.mark.anyio

ROOT: Final = Path(__file__).resolve().parents[3]


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def names(root: Path, *globs: str, hidden: Collection[str] = ()) -> list[str]:
    found = artifacts.find(str(root), globs, hidden)
    return [each.name for each in found if each.fault is None]


def faults(
    root: Path, *globs: str, hidden: Collection[str] = ()
) -> list[tuple[str, ArtifactFault | None]]:
    found = artifacts.find(str(root), globs, hidden)
    return [(each.name, each.fault) for each in found if each.fault is not None]


async def content(root: Path, name: str) -> bytes:
    return b"".join([piece async for piece in artifacts.read(str(root), name)])


@pytest.mark.parametrize(
    ("globs", "expected"),
    [
        (["dist/*.whl"], ["dist/a.whl", "dist/b.whl"]),
        (["dist"], ["dist/a.whl", "dist/b.whl", "dist/sub/c.txt"]),
        (["./dist//*.whl"], ["dist/a.whl", "dist/b.whl"]),
        (["**/*.txt"], ["top.txt", "dist/sub/c.txt"]),
        (["**"], [".hidden", "top.txt", "dist/a.whl", "dist/b.whl", "dist/sub/c.txt"]),
        (["*"], [".hidden", "dist/a.whl", "dist/b.whl", "dist/sub/c.txt", "top.txt"]),
        (["dist/**/c.*", "dist/sub/*"], ["dist/sub/c.txt"]),
        (["dist/[b-z].whl", "???.txt"], ["dist/b.whl", "top.txt"]),
        (["absent", "dist/a.whl/x", "../*", "a/../../*", "/etc/*"], []),
    ],
)
def test_globs_find_files(tmp_path: Path, globs: list[str], expected: list[str]) -> None:
    """Relative to the root, each once; a folder stands for what is in it."""
    write(tmp_path, "dist/a.whl", "dist/b.whl", "dist/sub/c.txt", "top.txt", ".hidden")
    assert sorted(expected) == sorted(names(tmp_path, *globs))


def test_a_link_that_leaves_the_workspace_is_refused(tmp_path: Path) -> None:
    """Whether it is a file, a folder or on the way; one that stays inside is followed."""
    root, out = tmp_path / "root", tmp_path / "root-not"
    write(root, "in/a.txt")
    write(out, "secret.txt")
    (root / "file").symlink_to(out / "secret.txt")
    (root / "folder").symlink_to(out)
    (root / "inner").symlink_to("in")
    (root / "dangling").symlink_to("nowhere")
    outside = ArtifactFault.OUTSIDE
    assert [("file", outside)] == faults(root, "file")
    assert [("folder", outside)] == faults(root, "folder/*.txt")
    assert {("file", outside), ("folder", outside)} == set(faults(root, "**"))
    assert [] == [name for name in names(root, "**", "folder/*") if "secret" in name]
    assert ["inner/a.txt"] == names(root, "inner/*")
    assert [] == names(root, "dangling")


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    """`**` enters none."""
    write(tmp_path, "a/b.txt")
    (tmp_path / "a" / "again").symlink_to("..")
    assert ["a/b.txt"] == names(tmp_path, "**")


def test_what_is_the_servers_is_never_given_out(tmp_path: Path) -> None:
    """Though it may lie in the project's folder; nor by a link."""
    write(tmp_path, ".workbench/token", "a.txt")
    (tmp_path / "link").symlink_to(".workbench/token")
    hidden = [str(tmp_path / ".workbench")]
    assert ["a.txt"] == names(tmp_path, "**", ".workbench/*", hidden=hidden)
    told = faults(tmp_path, "**", ".workbench/token", hidden=hidden)
    assert {ArtifactFault.OUTSIDE} == {fault for _, fault in told}


def test_ten_thousand_files_are_found(tmp_path: Path) -> None:
    """In the order of their names."""
    write(tmp_path, *(f"{n:05}" for n in range(10_000)))
    assert [f"{n:05}" for n in range(10_000)] == names(tmp_path, "*")


def test_there_is_an_end_to_looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is told; also where folders lie in folders without end."""
    write(tmp_path, *map(str, range(50)))
    monkeypatch.setattr(artifacts, "LOOKED_AT_MAX", 20)
    assert [(".", ArtifactFault.TOO_MANY)] == faults(tmp_path, "*")
    monkeypatch.undo()
    write(tmp_path, "/".join(["d"] * 150) + "/x")
    assert [(".", ArtifactFault.TOO_MANY)] == faults(tmp_path, "d")


def test_pipes_and_sockets_are_no_files(tmp_path: Path) -> None:
    """Reading one would wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    write(tmp_path, "a")
    assert ["a"] == names(tmp_path, "*")


DROP_FROM_BOUNDING_SET: Final = 24
DAC_OVERRIDE: Final = 1
DAC_READ_SEARCH: Final = 2
LOOK: Final = """
import asyncio, sys
from adapters.local import artifacts
from domain.errors import ProviderRefused

async def read(root, name):
    try:
        return str(b"".join([piece async for piece in artifacts.read(root, name)]))
    except ProviderRefused:
        return "refused"

root = sys.argv[1]
print(*[f"{each.name}:{each.fault}" for each in artifacts.find(root, ["b/*", "d/*"], ())])
print(*[asyncio.run(read(root, name)) for name in ("a", "d/e")])
"""


def as_anybody() -> None:
    """What is executed next has no right to read what modes refuse, not as root either."""
    if os.getuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for right in (DAC_OVERRIDE, DAC_READ_SEARCH):
            if libc.prctl(DROP_FROM_BOUNDING_SET, right, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "rights cannot be dropped here")


def test_what_may_not_be_read_is_refused(tmp_path: Path) -> None:
    """A file when it is read, a folder when it is listed."""
    write(tmp_path, "a", "b/c", "d/e")
    (tmp_path / "a").chmod(0)
    (tmp_path / "b").chmod(0)

    looked = subprocess.run(
        [sys.executable, "-c", LOOK, str(tmp_path)],
        preexec_fn=as_anybody,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert f"b:{ArtifactFault.UNREADABLE} d/e:None\nrefused b'd/e'\n" == looked.stdout
    (tmp_path / "b").chmod(0o700)


async def test_a_link_put_in_its_place_is_not_followed(tmp_path: Path) -> None:
    """Between finding a file and reading it, at any part of its path."""
    root = tmp_path / "root"
    write(root, "a/b.txt")
    write(tmp_path, "out/b.txt")
    assert b"a/b.txt" == await content(root, "a/b.txt")
    (root / "a" / "b.txt").unlink()
    with pytest.raises(ProviderRefused):
        await content(root, "a/b.txt")
    (root / "a" / "b.txt").symlink_to(tmp_path / "out" / "b.txt")
    with pytest.raises(ProviderRefused):
        await content(root, "a/b.txt")
    (root / "a").rename(root / "old")
    (root / "a").symlink_to(tmp_path / "out")
    with pytest.raises(ProviderRefused):
        await content(root, "a/b.txt")


@pytest.mark.parametrize("change", ["longer", "shorter", "other"])
async def test_a_file_that_changes_while_it_is_read_is_told(tmp_path: Path, change: str) -> None:
    """What came is not what is there."""
    path = tmp_path / "a"
    path.write_bytes(b"x" * 3 * artifacts.READ_BYTES)
    reading = artifacts.read(str(tmp_path), "a")
    await anext(reading)
    changed = {"longer": b"y" * 4, "shorter": b"y", "other": b"y" * 3}[change]
    path.write_bytes(changed * artifacts.READ_BYTES)
    with pytest.raises(ContentChanged):
        _ = [piece async for piece in reading]


async def test_a_run_leaves_what_its_globs_match(adapter: LocalAdapter, root: Path) -> None:
    """Whichever server looks; a run that names no globs leaves nothing."""
    script = "import os; os.makedirs('out'); open('out/ä b.json', 'w').write('{}')"
    order = replace(make_order(root, sys.executable, "-c", script), artifacts=("out/*",))
    await adapter.dispatch(order)
    await follow(adapter, order.run_id)
    handle = RunHandle(run_id=order.run_id)
    other = make_adapter(root.parent / "spool")
    (found,) = await other.fetch_artifacts(handle)
    assert ("out/ä b.json", "application/json", 2) == (
        found.name,
        found.media_type,
        found.size_bytes,
    )
    assert b"{}" == b"".join([piece async for piece in other.read_artifact(handle, found)])
    await other.close()
    await adapter.release(handle)
    assert [] == await adapter.fetch_artifacts(handle)
