"""Making features, by hand and from what documents say."""

from typing import Annotated, Self

import strawberry

from domain.models import features as domain
from domain.models.feature_commands import GivenSession, ScanFeatures, UpsertFeature
from domain.models.projects import Project as DomainProject
from resolvers import features
from schema import errors
from schema.features import Feature
from schema.info import Info
from schema.projects import Project


@strawberry.input(description="A document of a feature. It is read when it is named.")
class FeatureDocumentInput:
    """Which one."""

    path: str = strawberry.field(description="The way to a Markdown file from the project's root.")


@strawberry.input(description="A session that worked on a feature.")
class FeatureSessionInput:
    """By the id that its platform has given it."""

    external_id: str = strawberry.field(description="The platform's name for it.")
    provider: str | None = strawberry.field(default=None, description="The platform.")
    title: str | None = strawberry.field(
        default=None, description="What it was about; absent leaves it as it is."
    )
    url: str | None = strawberry.field(
        default=None, description="Where the platform shows it; absent leaves it as it is."
    )

    def to_session(self) -> GivenSession:
        return GivenSession(
            external_id=self.external_id, provider=self.provider, title=self.title, url=self.url
        )


@strawberry.input(description="A feature, new or as it is to be. What is absent stays as it is.")
class FeatureUpsertInput:
    """What is said by hand; what its documents say is beside it."""

    project: str = strawberry.field(description="The project's slug.")
    slug: str = strawberry.field(description="The feature's short name.")
    title: str | None = strawberry.field(default=None, description="Its title for people.")
    documents: list[FeatureDocumentInput] | None = strawberry.field(
        default=None,
        description="In the place of those that were given before; at most 100. Documents that "
        "name the feature themselves belong to it anyway.",
    )
    sessions: list[FeatureSessionInput] | None = strawberry.field(
        default=None, description="In the place of those that were given before; at most 100."
    )

    def to_command(self) -> UpsertFeature:
        papers, talks = self.documents, self.sessions
        return UpsertFeature(
            project=self.project,
            slug=self.slug,
            title=self.title,
            documents=None if papers is None else tuple(each.path for each in papers),
            sessions=None if talks is None else tuple(each.to_session() for each in talks),
        )


@strawberry.input(description="A folder to read.")
class FeatureScanInput:
    """Where documents are."""

    project: str = strawberry.field(description="The project's slug.")
    folder: str = strawberry.field(
        default="docs", description="The way to it from the project's root, which is a dot."
    )

    def to_command(self) -> ScanFeatures:
        return ScanFeatures(project=self.project, folder=self.folder)


@strawberry.type(description="A file that was not taken. What was known of it stays.")
class DocumentRefusal:
    """With why not."""

    path: str = strawberry.field(description="The way to it from the project's root.")
    reason: str = strawberry.field(description="Why it was not taken.")


@strawberry.type(description="The feature is as asked for.")
class FeatureUpsertPayload:
    """Of featureUpsert."""

    feature: Feature = strawberry.field(description="The feature.")


@strawberry.type(
    description="The folder was read, at most 2000 files of it. Documents are told by their paths."
)
class FeatureScanPayload:
    """Of featureScan."""

    project: Project = strawberry.field(description="The project.")
    added: list[str] = strawberry.field(description="Documents that were not known.")
    changed: list[str] = strawberry.field(description="Documents that are others than before.")
    unchanged: list[str] = strawberry.field(description="Documents that are as they were.")
    removed: list[str] = strawberry.field(description="Documents that are there no more.")
    refused: list[DocumentRefusal] = strawberry.field(description="Files that were not taken.")
    features: list[str] = strawberry.field(
        description="The slugs of features that are new or are others for that."
    )
    complete: bool = strawberry.field(
        description="False where a bound was reached: what lies behind it was left as it is."
    )
    bytes_read: int = strawberry.field(description="How much was read of files.")

    @classmethod
    def of(cls, project: DomainProject, scan: domain.FeatureScan) -> Self:
        return cls(
            project=Project.of(project),
            added=list(scan.added),
            changed=list(scan.changed),
            unchanged=list(scan.unchanged),
            removed=list(scan.removed),
            refused=[DocumentRefusal(path=r.path, reason=r.reason) for r in scan.refused],
            features=list(scan.features),
            complete=scan.is_complete,
            bytes_read=scan.bytes_read,
        )


FeatureUpsertResult = Annotated[
    FeatureUpsertPayload
    | errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.QuotaExceeded,
    strawberry.union("FeatureUpsertResult", description="The feature, or why nothing was done."),
]
FeatureScanResult = Annotated[
    FeatureScanPayload
    | errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.QuotaExceeded,
    strawberry.union("FeatureScanResult", description="What was found, or why nothing was read."),
]


@strawberry.type
class FeatureMutations:
    """Part of the mutations."""

    @strawberry.mutation(
        description="Make a feature, or change the one with this slug. Asking twice does what "
        "asking once does. For the project's operators."
    )
    async def feature_upsert(
        self,
        info: Info,
        input: Annotated[FeatureUpsertInput, strawberry.argument(description="The feature.")],
    ) -> FeatureUpsertResult | None:
        feature = await features.upsert(info.context, input.to_command())
        return FeatureUpsertPayload(feature=Feature.of(feature))

    @strawberry.mutation(
        description="Read the Markdown documents in a folder of a project, and make its features "
        "what they say. Files that are as they were are not read. For the project's operators."
    )
    async def feature_scan(
        self,
        info: Info,
        input: Annotated[FeatureScanInput, strawberry.argument(description="The folder.")],
    ) -> FeatureScanResult | None:
        project, scan = await features.scan(info.context, input.to_command())
        return FeatureScanPayload.of(project, scan)
