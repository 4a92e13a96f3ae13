"""Reading folders of projects: what is in them, and nothing that is not."""

import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from adapters.documents import folder as reading
from adapters.documents.folder import ProjectFolders
from domain.errors import InvalidInput
from domain.models.features import DocumentRefusal, FileState, FolderReading, FoundDocument

pytestmark = pytest.mark.anyio


def write(path: Path, text: str | bytes = "---\ntitle: x\n---\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project beside something that is not its own."""
    write(tmp_path / "outside" / "secret.md", "---\ntitle: secret\n---\n")
    (tmp_path / "project" / "docs").mkdir(parents=True)
    return tmp_path / "project"


async def look(
    root: Path, folder: str = "docs", known: Mapping[str, FileState] | None = None
) -> FolderReading:
    return await ProjectFolders().look(str(root), folder, known or {})


def paths(found: FolderReading) -> list[str]:
    return [each.path for each in found.found]


async def test_markdown_is_found_by_path(root: Path) -> None:
    """Below the folder, in order; what is hidden or no Markdown is not looked at."""
    for name in ("b.md", "a/z.MD", "a.markdown", "a.txt", ".hidden.md", ".git/x.md", "a/b/c.md"):
        write(root / "docs" / name)
    write(root / "README.md")
    found = await look(root)
    assert ["docs/a.markdown", "docs/a/b/c.md", "docs/a/z.MD", "docs/b.md"] == paths(found)
    assert found.is_complete
    everything = await look(root, "")
    assert ["README.md", *paths(found)] == paths(everything)
    assert ["docs/.git/x.md"] == paths(await look(root, "docs/.git"))


async def test_a_file_is_read_once(root: Path) -> None:
    """Again only with another size or time; and what was only touched is the same document."""
    text = "---\ntitle: First\n---\n"
    path = write(root / "docs" / "a.md", text)
    (first,) = (await look(root)).found
    assert first.front is not None
    assert ("First", len(text)) == (first.front.title, first.file.bytes)
    assert sha256(text.encode()).hexdigest() == first.file.digest
    known = {"docs/a.md": first.file}

    again = await look(root, known=known)
    assert (0, [FoundDocument(path="docs/a.md", file=first.file, front=None)]) == (
        again.bytes_read,
        again.found,
    )
    os.utime(path, ns=(1, 1))
    touched = await look(root, known=known)
    assert touched.bytes_read == len(text)
    assert (None, 1, first.file.digest) == (
        touched.found[0].front,
        touched.found[0].file.modified_ns,
        touched.found[0].file.digest,
    )
    write(path, text.replace("First", "Other"))
    changed = (await look(root, known=known)).found[0].front
    assert changed is not None
    assert "Other" == changed.title


async def test_nothing_leads_out(root: Path) -> None:
    """Neither a link to a file nor one to a folder; one that stays inside is read."""
    outside = root.parent / "outside"
    (root / "docs" / "file.md").symlink_to(outside / "secret.md")
    (root / "docs" / "folder").symlink_to(outside)
    (root / "docs" / "loop.md").symlink_to("loop.md")
    (root / "docs" / "gone.md").symlink_to("nowhere.md")
    (root / "docs" / "round").symlink_to(root)
    write(root / "notes" / "inside.md")
    (root / "docs" / "inner.md").symlink_to("../notes/inside.md")
    found = await look(root)
    assert ["docs/inner.md"] == paths(found)
    refused = {each.path: each.reason for each in found.refused}
    assert {"docs/file.md", "docs/loop.md", "docs/gone.md"} == set(refused)
    assert "leads out" in refused["docs/file.md"]
    for folder in ("docs/folder", "../outside", "nowhere", "docs/file.md", "docs/inner.md"):
        with pytest.raises(InvalidInput) as error:
            await look(root, folder)
        assert ("folder",) == error.value.path
    (root / "linked").symlink_to("notes")
    assert ["linked/inside.md"] == paths(await look(root, "linked"))


async def test_a_link_that_is_put_there_meanwhile_leads_nowhere(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at a path and its opening."""
    path = write(root / "docs" / "a.md")
    real = os.path.realpath

    def swapped(given: str) -> str:
        found = str(real(given))
        if given.endswith("a.md"):
            path.unlink()
            path.symlink_to(root.parent / "outside" / "secret.md")
        return found

    monkeypatch.setattr("adapters.documents.places.os.path.realpath", swapped)
    found = await look(root)
    assert ([], ["docs/a.md"]) == (paths(found), [each.path for each in found.refused])


async def test_what_cannot_be_read_is_refused_with_its_reason(root: Path) -> None:
    """And everything beside it is read."""
    docs = root / "docs"
    write(docs / "large.md", b"x" * (1024 * 1024 + 1))
    write(docs / "latin.md", "Grüße".encode("latin-1"))
    write(docs / "yaml.md", "---\na: [\n---\n")
    write(docs / "line\nbreak.md")
    write(Path(os.fsdecode(os.fsencode(docs) + b"/b\xff.md")))
    os.mkfifo(docs / "pipe.md")
    (docs / "folder.md").mkdir()
    write(docs / "good.md", b"\xef\xbb\xbf---\ntitle: With a mark\n---\n")
    found = await look(root)
    (good,) = found.found
    assert good.front is not None
    assert "With a mark" == good.front.title
    refused = {each.path: each.reason for each in found.refused}
    assert "more than 1048576 bytes" in refused["docs/large.md"]
    assert "UTF-8" in refused["docs/latin.md"]
    assert "no YAML" in refused["docs/yaml.md"]
    assert "no file" in refused["docs/pipe.md"]
    assert "not visible" in refused["'docs/line\\nbreak.md'"]
    assert "not visible" in refused["docs/b\\xff.md"]
    assert 6 == len(refused)


@pytest.mark.parametrize(
    ("bound", "value"), [("SCAN_FILES_MAX", 2), ("SCAN_BYTES_MAX", 1024 * 1024 + 30)]
)
async def test_a_folder_beyond_a_bound_is_read_in_part(
    root: Path, monkeypatch: pytest.MonkeyPatch, bound: str, value: int
) -> None:
    """The first of it, and that this is not all is told."""
    for name in "abcd":
        write(root / "docs" / f"{name}.md", "x" * 20)
    monkeypatch.setattr(reading, bound, value)
    found = await look(root)
    assert (["docs/a.md", "docs/b.md"], False) == (paths(found), found.is_complete)


async def test_folders_are_looked_through_within_bounds(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither too many names nor too many folders in folders are gone through."""
    write(root / "docs" / "a.md")
    write(root.joinpath("docs", *["d"] * 60, "deep.md"))
    assert not (await look(root)).is_complete
    monkeypatch.setattr(reading, "SCAN_ENTRIES_MAX", 1)
    assert ([], False) == ((await look(root)).found, (await look(root)).is_complete)


async def test_one_document_is_read(root: Path) -> None:
    """Or refused, with the reason."""
    write(root / "docs" / "a.md")
    write(root / "docs" / "a.txt")
    files = ProjectFolders()
    found = await files.document(str(root), "docs/a.md")
    assert isinstance(found, FoundDocument)
    for path in ("docs/a.txt", "docs/none.md", "docs", "docs/.."):
        assert isinstance(await files.document(str(root), path), DocumentRefusal), path


async def test_a_text_is_given_only_while_it_is_what_was_read(root: Path) -> None:
    """Nothing of a file that is another by now, or is there no more."""
    path = write(root / "docs" / "a.md", "text")
    digest = sha256(b"text").hexdigest()
    files = ProjectFolders()
    assert "text" == await files.text(str(root), "docs/a.md", digest)
    write(path, "other")
    assert None is await files.text(str(root), "docs/a.md", digest)
    path.unlink()
    assert None is await files.text(str(root), "docs/a.md", digest)
