"""Opens files and folders inside a project's root, safe against concurrent renames and links."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Final

from domain.documents import Unusable

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""O_NONBLOCK: opening a named pipe must not wait for its writer."""


@contextmanager
def opened(root: str, path: str, *, is_folder: bool = False) -> Iterator[int]:
    """Open a path relative to the root and yield its descriptor. Raises Unusable, OSError.

    Symlinks are resolved first; then each part of the resolved path is opened without following
    links, so that a link put there in between makes the opening fail.
    """
    real_root = os.path.realpath(root)
    real = PurePath(os.path.realpath(os.path.join(real_root, path)))  # noqa: PTH118 - of a text
    if not real.is_relative_to(real_root):
        raise Unusable("It is a link that leads out of the project.")
    *folders, last = real.relative_to(real_root).parts or (".",)
    at = os.open(real_root, _FOLDER)
    try:
        for name in folders:
            at = _stepped(at, os.open(name, _FOLDER, dir_fd=at))
        at = _stepped(at, os.open(last, _FOLDER if is_folder else _FILE, dir_fd=at))
        yield at
    finally:
        os.close(at)


def _stepped(before: int, after: int) -> int:
    os.close(before)
    return after
