"""Where a credential may be read from besides the database: a variable, or a file."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final, assert_never

from domain.models.credentials import CredentialSource, NotOpened
from domain.models.secrets import Secret

SECRET_BYTES_MAX: Final = 64 * 1024
OURS: Final = "WORKBENCH_"
"""How the server's own variables begin: they are nobody's credential."""
KERNELS: Final = (Path("/proc"), Path("/sys"), Path("/dev"))


class SecretSources:
    """Implements domain.ports.ReadSecret over this process's environment and the machine's files.

    `private` are paths of which nothing is read: the server's own records.
    """

    def __init__(self, environ: Mapping[str, str], private: Collection[Path]) -> None:
        self._environ = environ
        self._private = [path.resolve() for path in private]

    def __call__(self, source: CredentialSource, reference: str) -> Secret:
        match source:
            case CredentialSource.VALUE:
                return Secret(reference)
            case CredentialSource.ENVIRONMENT:
                return self._variable(reference)
            case CredentialSource.FILE:
                return self._file(Path(reference))
            case _:
                assert_never(source)

    def _variable(self, name: str) -> Secret:
        text = "" if name.upper().startswith(OURS) else self._environ.get(name, "")
        if not text:
            raise NotOpened("this server has no such environment variable")
        return Secret(text)

    def _file(self, path: Path) -> Secret:
        """The line ends at its end are left out: most editors put one there."""
        try:
            real = path.resolve(strict=True)
            if not path.is_absolute() or not real.is_file() or self._is_private(real):
                raise NotOpened("its file is not one to read a secret from")
            with real.open("rb") as file:
                content = file.read(SECRET_BYTES_MAX + 1)
            text = content.decode().rstrip("\r\n")
        except (OSError, ValueError, RuntimeError):
            raise NotOpened("its file cannot be read as text on this server") from None
        if not text or "\0" in text or len(content) > SECRET_BYTES_MAX:
            raise NotOpened("its file is empty, too long, or no text")
        return Secret(text)

    def _is_private(self, path: Path) -> bool:
        """Through the kernel's files a process shows its own variables."""
        return any(path.is_relative_to(each) for each in (*self._private, *KERNELS))
