"""The folders of this machine that projects are made of."""

import os

from domain.errors import InvalidInput


def real_folder(path: str) -> str:
    """The folder's path with symlinks resolved. Raises InvalidInput for what is no folder here."""
    if not os.path.isabs(path):
        raise InvalidInput("The root must be an absolute path.", "rootPath")
    real = os.path.realpath(path)
    if not os.path.isdir(real):
        raise InvalidInput(f"{path} is no folder on this machine.", "rootPath")
    return real
