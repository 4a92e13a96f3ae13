"""Reading manifests: those that come with the workbench, and those of a folder of one's own."""

import tomllib
from importlib import import_module
from pathlib import Path
from typing import Final

import orjson
from pydantic import ValidationError

from adapters.rest.checking import check
from adapters.rest.faults import Fault, ManifestInvalid
from adapters.rest.manifest import Manifest

SHIPPED: Final = Path(__file__).parent / "manifests"
MANIFEST_BYTES_MAX: Final = 256 * 1024


def load(folder: Path) -> list[Manifest]:
    """The manifests of a folder by name. Raises ManifestInvalid for the first that is none, and
    where there is no such folder."""
    if not folder.is_dir():
        raise ManifestInvalid(str(folder), [Fault("", "there is no such folder")])
    return [read(path) for path in sorted(folder.glob("*.toml"))]


def read(path: Path) -> Manifest:
    """One manifest. Raises ManifestInvalid."""
    try:
        with path.open("rb") as file:
            content = file.read(MANIFEST_BYTES_MAX + 1)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestInvalid(path.name, [Fault("", f"cannot be read: {error}")]) from error
    if len(content) > MANIFEST_BYTES_MAX:
        raise ManifestInvalid(path.name, [Fault("", "is larger than 256 KiB")])
    return parse(text, path.name)


def parse(text: str, origin: str) -> Manifest:
    """One manifest from its text. Raises ManifestInvalid with every fault."""
    try:
        # As JSON, whose strict mode knows dates and lists, and takes no "5" for a 5.
        written = orjson.dumps(tomllib.loads(text))
        manifest = Manifest.model_validate_json(written, strict=True)
    except tomllib.TOMLDecodeError as error:
        raise ManifestInvalid(origin, [Fault("", f"is no TOML: {error}")]) from error
    except TypeError as error:
        fault = Fault("", f"has what JSON cannot say: {error}")
        raise ManifestInvalid(origin, [fault]) from error
    except ValidationError as error:
        faults = [Fault(_path(each["loc"]), each["msg"]) for each in error.errors()]
        raise ManifestInvalid(origin, faults) from error
    faults = check(manifest)
    if faults:
        raise ManifestInvalid(origin, faults)
    return manifest


def check_settings(manifest: Manifest, origin: str) -> None:
    """Whether each setting is a JSON Schema. Apart from `read`, since the library that knows takes
    long to read itself, and a server needs it later. Raises ManifestInvalid."""
    validator = import_module("jsonschema").Draft202012Validator
    faults = [
        Fault(_path(("config", name, *error.absolute_path)), error.message)
        for name, setting in manifest.config.items()
        for error in validator(validator.META_SCHEMA).iter_errors(setting)
    ]
    if faults:
        raise ManifestInvalid(origin, faults)


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)
