"""What a caller asks for about features: see domain.models.commands."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenSession:
    """A session that somebody names. Without a provider it is known by its id alone."""

    external_id: str
    provider: str | None = None
    title: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsertFeature:
    """Make a feature, or change the one with this slug. None leaves what it stands for as it is;
    paths and sessions replace those that were given before. The project is a slug."""

    project: str
    slug: str
    title: str | None = None
    documents: tuple[str, ...] | None = None
    sessions: tuple[GivenSession, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFeatures:
    """Read the documents in a folder of a project, a slug."""

    project: str
    folder: str
