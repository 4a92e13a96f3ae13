"""The services of features and documents, put together."""

from dataclasses import dataclass
from functools import cached_property

from domain.feature_repositories import DocumentFiles
from domain.ports import Clock, IdMaker, Store
from domain.services.briefings import Briefings
from domain.services.feature_scans import FeatureScans
from domain.services.features import Features
from domain.services.redactors import Redactors


@dataclass(frozen=True, kw_only=True)
class FeatureServices:
    """One of each, made when it is first asked for."""

    store: Store
    clock: Clock
    new_id: IdMaker
    files: DocumentFiles
    redactors: Redactors

    @cached_property
    def by_hand(self) -> Features:
        return Features(
            store=self.store,
            clock=self.clock,
            new_id=self.new_id,
            files=self.files,
            redactors=self.redactors,
        )

    @cached_property
    def briefings(self) -> Briefings:
        return Briefings(store=self.store, files=self.files, redactors=self.redactors)

    @cached_property
    def scans(self) -> FeatureScans:
        return FeatureScans(
            store=self.store,
            clock=self.clock,
            new_id=self.new_id,
            files=self.files,
            redactors=self.redactors,
        )
