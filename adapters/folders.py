"""The folders of this machine that projects are made of."""

from pathlib import Path

from domain.errors import InvalidInput


def real_folder(path: str) -> str:
    """The folder's path with symlinks resolved. Raises InvalidInput for what is no folder here."""
    if not Path(path).is_absolute():
        raise InvalidInput("The root must be an absolute path.", "rootPath")
    real = Path(path).resolve()
    if not real.is_dir():
        raise InvalidInput(f"{path} is no folder on this machine.", "rootPath")
    return str(real)
