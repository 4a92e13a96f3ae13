"""The secret that the key of the audit log is made of."""

from serving.data_directory import DataDirectory
from serving.settings import Settings


def audit_key(settings: Settings) -> str:
    """The secret that the key of the audit log is made of. Raises OSError."""
    if settings.audit_key is not None:
        return settings.audit_key.get_secret_value()
    return DataDirectory(settings.data_dir).audit_key()
