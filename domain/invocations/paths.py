"""Where a path leads, by its text alone: nothing is looked up, so a link is not followed."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from domain.invocations.words import Word

PLACES_MAX: Final = 8
SHARED: Final = "/tmp"  # noqa: S108 - a name to compare with
HARMLESS: Final = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr"})
PIPE: Final = re.compile(r"/dev/fd/\d+")
RAW_DEVICE: Final = re.compile(
    r"/dev/(?:sd|hd|vd|xvd|nvme|mmcblk|disk|mapper|dm-|loop|md|mem|kmem|port|sr|nbd|zd|rdisk)"
)
SECRET: Final = re.compile(
    r"shadow|/\.(?:ssh|aws|gnupg|kube|docker|netrc|npmrc|pypirc|config/gcloud)\b|/proc/[^/]+/"
    r"|/etc/(?:sudoers|ssl/private)|^~root|^/root\b|id_(?:rsa|ed25519)|/\.git-credentials"
)
"""Outside a workspace: what is worse to read than the rest."""
GLOB: Final = re.compile(r"[*?\[]")
SHORT_WITH_PATH: Final = re.compile(r"-[A-Za-z]{1,3}(?=[/~]|\.\.)")
NAMED: Final = re.compile(r"[\w.-]*=")
PIECE: Final = re.compile(r"(?:[=,;@\"'({\[|]|:(?!//))(?=/|~|\.\.(?:/|$))")
"""Where a path may begin inside a word, as in `xml:/tmp/x`."""
ADDRESS: Final = re.compile(r"(?<![\w+.-])[A-Za-z][A-Za-z0-9+.-]*:/")
LOOPBACK: Final = re.compile(
    r"(?:https?|wss?)://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?:[/?#].*)?", re.DOTALL
)
PIECES_MAX: Final = 16
"""In one word; what has more of them is taken to lead out."""
VARIABLE: Final = re.compile(r"\$\{?[A-Za-z_]")
"""No shell reads it, and yet many programs put in where it leads."""
EXTENSION: Final = re.compile(r"\.\w+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The workspace, and all folders that a command may be working in by now."""

    root: str
    cwds: tuple[str, ...]

    def moved(self, folder: str) -> "Places":
        """After a move that may or may not have happened."""
        added = [resolved(folder, cwd) for cwd in self.cwds]
        return Places(root=self.root, cwds=tuple(dict.fromkeys([*self.cwds, *added]))[:PLACES_MAX])

    def hold(self, path: str) -> bool:
        """Whether the path stays inside, from wherever it is looked at."""
        if path.startswith("~"):
            return False
        return all(within(resolved(path, cwd), self.root) for cwd in self.cwds)


def resolved(path: str, cwd: str) -> str:
    """The absolute path, without `.`, `..` and doubled slashes; homes are beside all roots."""
    path = f"/{path}" if path.startswith("~") else path
    return "/" + posixpath.normpath(posixpath.join(cwd, path)).lstrip("/")


def within(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")


def leads_out(word: str, places: Places) -> bool:
    """Whether what this word names is outside the workspace."""
    if VARIABLE.match(word):
        return True
    if word in HARMLESS or "://" in word[:12]:
        return word.startswith("file:")
    # A pattern matches names, never a slash: each part of it stands for one name.
    return _can_climb(word) or not places.hold(word or ".")


def _can_climb(word: str) -> bool:
    """Whether a pattern's part, such as `.*`, can match the folder above."""
    return any(part.startswith(".") and GLOB.match(part, 1) for part in word.split("/"))


def is_root_like(path: str, places: Places) -> bool:
    """The root of a disk, a folder right below it, or a home: with all that is in it."""
    ends = {resolved(path.rstrip("*?") or ".", cwd) for cwd in places.cwds}
    return any(end.count("/") == 1 and end not in {places.root, SHARED} for end in ends)


def named_paths(word: Word, *, any_name: bool) -> Iterator[str]:
    """The paths in an argument: itself, the value of `--name=` or `name=`, what follows `-I`.

    `any_name`: the program takes files, so that a bare word is one too.
    """
    text = word.text
    if not text.startswith("-"):
        if any_name or looks_like_path(text):
            yield text
    elif short := SHORT_WITH_PATH.match(text):
        yield text[short.end() :]
    name = NAMED.match(text)
    if name and looks_like_path(text[name.end() :]):
        yield text[name.end() :].removeprefix("@")
    if text.startswith("@"):
        yield text[1:]
    if found := VARIABLE.search(text):
        yield text[found.start() :]
    yield from _pieces(text)


def _pieces(text: str) -> Iterator[str]:
    """What stands inside a word and may be a path by itself."""
    for count, piece in enumerate(PIECE.finditer(text)):
        if count == PIECES_MAX:
            yield "/"
            return
        yield re.split("[,;]", text[piece.end() :], maxsplit=1)[0]


def is_remote(text: str) -> bool:
    """Whether an address of another machine is in it, such as `--url=https://example.com`."""
    return any(not LOOPBACK.fullmatch(text, found.start()) for found in ADDRESS.finditer(text))


def looks_like_path(text: str) -> bool:
    return "/" in text or text.startswith((".", "~")) or EXTENSION.search(text) is not None
