"""The conformance suite of adapters that reach a provider over HTTP.

A test module of a provider has a class that inherits from Conformance and gives it the fixture
`rig` (see rig.py). What the provider cannot do has to be refused as the contract says. A part that
it does not have stands in `without`, with the reason, so that nothing is passed over in silence.
"""

import contextlib
from collections.abc import Mapping
from typing import ClassVar

import pytest

from domain.errors import CapabilityMissing, ProviderRefused, ProviderUnavailable
from domain.models.providers import HealthStatus, ProviderArtifact, ProviderSignal, RunHandle
from tests.contract.adapters.broken import (
    BrokenConnections,
    begun,
    needs,
    order_for,
    started,
)
from tests.contract.adapters.rig import (
    FAILURE,
    LINES,
    QUESTION,
    Act,
    Part,
    Rig,
    Seen,
    follow,
    lines_of,
)
from tests.faults import Cut

ORDER_OF_SIGNALS = (ProviderSignal.QUEUED, ProviderSignal.RUNNING, ProviderSignal.SUCCEEDED)


class Conformance(BrokenConnections):
    """What domain.ports.Adapter promises."""

    without: ClassVar[Mapping[Part, str]] = {}
    """What the provider does not have, each with the reason: it is on the score card."""

    sense: ClassVar[Mapping[tuple[str, str], str]] = {}
    """Of GARBAGE what makes sense to this provider's adapter, as the answer to which of QUESTIONS,
    and why: it is on the score card too."""

    @pytest.fixture(autouse=True)
    def makes_sense(self, request: pytest.FixtureRequest) -> None:
        given = getattr(getattr(request.node, "callspec", None), "params", {})
        reason = self.sense.get((given.get("garbage", ""), given.get("name", "")))
        if reason is not None:
            pytest.skip(reason)

    @pytest.fixture(autouse=True)
    def part(self, request: pytest.FixtureRequest) -> None:
        for mark in request.node.iter_markers("needs"):
            if mark.args[0] in self.without:
                pytest.skip(self.without[mark.args[0]])

    async def test_a_run_is_told_from_start_to_end(self, rig: Rig) -> None:
        """Its lines in order, then that it has ended well; no status goes back."""
        handle = await started(rig, Act.COUNT)
        seen = await follow(rig.provider, rig.adapter, handle, Seen())
        assert ([] if Part.LOG in self.without else LINES) == rig.own(seen.lines)
        assert ProviderSignal.SUCCEEDED is seen.signals[-1]
        ranks = [ORDER_OF_SIGNALS.index(signal) for signal in seen.signals]
        assert sorted(ranks) == ranks
        assert 1 == await rig.starts(handle.run_id)

    @needs(Part.STATUS)
    async def test_a_failed_run_says_so(self, rig: Rig) -> None:
        """In its provider's words, where there are some."""
        handle = await started(rig, Act.FAIL)
        seen = await follow(rig.provider, rig.adapter, handle, Seen())
        status = await rig.adapter.poll_status(handle)
        assert ProviderSignal.FAILED is seen.signals[-1] is status.signal
        assert status.message is None or FAILURE in status.message

    async def test_the_same_run_starts_once(self, rig: Rig) -> None:
        """Asked again by the same process it is the first start, and by another it is found."""
        order = order_for(rig, Act.COUNT)
        first = await rig.adapter.dispatch(order)
        assert first is not None
        again = await rig.adapter.dispatch(order)
        assert again is not None
        assert first.provider_run_id == again.provider_run_id
        await rig.restart()
        await self._check_found(rig, order)
        assert 1 == await rig.starts(order.run_id)

    @needs(Part.STATUS)
    async def test_a_run_that_nobody_knows_has_vanished(self, rig: Rig) -> None:
        """And was never sent, as far as the provider can tell."""
        assert ProviderSignal.VANISHED is (await rig.adapter.poll_status(rig.unknown)).signal
        if rig.can_look_up:
            assert await rig.adapter.lookup(rig.unknown.run_id) is None
        else:
            with pytest.raises(CapabilityMissing):
                await rig.adapter.lookup(rig.unknown.run_id)

    @needs(Part.STATUS)
    async def test_a_status_from_a_newer_provider_is_unknown(self, rig: Rig) -> None:
        """It is no end, and its word is kept."""
        handle = await started(rig, Act.WAIT)
        rig.proxy.breaks(rig.says("BRAND_NEW"), rig.is_status)
        status = await rig.adapter.poll_status(handle)
        assert ProviderSignal.UNKNOWN is status.signal
        assert "BRAND_NEW" in status.raw

    @needs(Part.STATUS)
    async def test_cancel_ends_a_run(self, rig: Rig) -> None:
        """Twice is not worse than once."""
        handle = await started(rig, Act.WAIT)
        await begun(rig, handle)
        if not rig.provider.capabilities.cancel:
            with pytest.raises(CapabilityMissing):
                await rig.adapter.cancel(handle, None)
            return
        await rig.adapter.cancel(handle, "enough")
        await rig.adapter.cancel(handle, None)
        seen = await follow(rig.provider, rig.adapter, handle, Seen())
        assert ProviderSignal.CANCELED is seen.signals[-1]

    async def test_cancel_too_late_changes_nothing(self, rig: Rig) -> None:
        """The end that was first is the end; nor is it an error for a run that is not known."""
        handle = await started(rig, Act.COUNT)
        await follow(rig.provider, rig.adapter, handle, Seen())
        if not rig.provider.capabilities.cancel:
            with pytest.raises(CapabilityMissing):
                await rig.adapter.cancel(handle, None)
            return
        await rig.adapter.cancel(handle, None)
        await rig.adapter.cancel(rig.unknown, None)
        assert ProviderSignal.SUCCEEDED is (await rig.adapter.poll_status(handle)).signal

    async def test_cancel_before_the_start_prevents_it(self, rig: Rig) -> None:
        """A run that was canceled first never starts."""
        order = order_for(rig, Act.COUNT)
        handle = RunHandle(run_id=order.run_id)
        if not rig.provider.capabilities.cancel:
            with pytest.raises(CapabilityMissing):
                await rig.adapter.cancel(handle, None)
            return
        await rig.adapter.cancel(handle, None)
        assert await rig.adapter.dispatch(order) is None
        assert 0 == await rig.starts(order.run_id)

    @needs(Part.LOG)
    async def test_the_log_goes_on_from_any_position(self, rig: Rig) -> None:
        """What is behind a position is all that comes, however often and by whom it is asked."""
        handle = await started(rig, Act.COUNT)
        seen = await follow(rig.provider, rig.adapter, handle, Seen())
        assert LINES == rig.own(seen.lines)
        for index, progress in enumerate(seen.progress):
            await rig.restart()
            rest = await self._fetched(rig, handle, progress.position)
            assert lines_of(seen.progress[index + 1 :]) == rest
        assert LINES == rig.own(await self._fetched(rig, handle, None))

    async def _fetched(self, rig: Rig, handle: RunHandle, position: str | None) -> list[str]:
        lines: list[str] = []
        while progress := await rig.adapter.fetch_logs(handle, position):
            lines += lines_of([progress])
            assert position != progress.position
            position = progress.position
        return lines

    @needs(Part.LOG)
    async def test_the_log_survives_broken_connections(self, rig: Rig) -> None:
        """While the run prints, each connection breaks at another place, and our server restarts:
        no line is lost and none is told twice."""
        handle = await started(rig, Act.COUNT)
        seen = Seen()
        for after in (0, 150, 300, 450, 700, 1000, 1500, 2500, 4000):
            rig.proxy.breaks(Cut(after))
            await self._tried(follow(rig.provider, rig.adapter, handle, seen))
            await rig.restart()
        rig.proxy.mend()
        await follow(rig.provider, rig.adapter, handle, seen)
        assert LINES == rig.own(seen.lines)

    @needs(Part.LOG)
    async def test_a_position_of_somebody_else_is_refused(self, rig: Rig) -> None:
        """Rather than read from anywhere."""
        handle = await started(rig, Act.COUNT)
        for position in ("", "{}", "nonsense", "[1, 2]", '{"a": 1}'):
            with pytest.raises(ProviderRefused, match="position"):
                await rig.adapter.fetch_logs(handle, position)

    async def test_a_run_that_asks_goes_on_with_the_answer(self, rig: Rig) -> None:
        """It waits with its question, and what it gets is what was said."""
        if not rig.provider.capabilities.resume:
            with pytest.raises(CapabilityMissing):
                await rig.adapter.resume(rig.unknown, "yes")
            return
        handle = await started(rig, Act.ASK)
        seen = await follow(rig.provider, rig.adapter, handle, Seen())
        assert seen.statuses[-1].question
        assert QUESTION in (seen.lines if rig.asks_in_log else [seen.statuses[-1].question])[-1]
        await rig.restart()
        await rig.adapter.resume(handle, "Blue, twice: ü")
        done = await follow(rig.provider, rig.adapter, handle, Seen())
        while done.signals[-1] is ProviderSignal.WAITING:
            done = await follow(rig.provider, rig.adapter, handle, Seen())
        assert ProviderSignal.SUCCEEDED is done.signals[-1]
        assert any("Blue, twice: ü" in line for line in done.lines)
        with pytest.raises(ProviderRefused):
            await rig.adapter.resume(handle, "again")

    async def test_artifacts_are_listed(self, rig: Rig) -> None:
        """With what leads to each, or it is said that there are none to be had."""
        handle = await started(rig, Act.COUNT)
        await follow(rig.provider, rig.adapter, handle, Seen())
        if not rig.provider.capabilities.artifacts:
            with pytest.raises(CapabilityMissing):
                await rig.adapter.fetch_artifacts(handle)
            return
        artifacts = await rig.adapter.fetch_artifacts(handle)
        assert all(artifact.name and artifact.reference for artifact in artifacts)
        assert len(artifacts) == len({artifact.reference for artifact in artifacts})
        for artifact in artifacts:
            if artifact.content is None and artifact.source_url is None:
                await self._check_readable(rig, handle, artifact)

    async def _check_readable(
        self, rig: Rig, handle: RunHandle, artifact: ProviderArtifact
    ) -> None:
        """As large as was told, unless it is not given out."""
        with contextlib.suppress(CapabilityMissing):
            read = b"".join([piece async for piece in rig.adapter.read_artifact(handle, artifact)])
            assert artifact.size_bytes in {None, len(read)}

    async def test_release_may_come_twice(self, rig: Rig) -> None:
        """And for a run that nobody knows."""
        for handle in (await started(rig, Act.COUNT), rig.unknown):
            await rig.adapter.release(handle)
            await rig.adapter.release(handle)

    @needs(Part.HEALTH)
    async def test_health_is_told(self, rig: Rig) -> None:
        """A provider that answers can take work; one that is away is not healthy."""
        health = await rig.adapter.check_health()
        assert health.status in {HealthStatus.HEALTHY, HealthStatus.DEGRADED}
        await rig.proxy.stop()
        await rig.restart()
        with pytest.raises(ProviderUnavailable):
            await rig.adapter.check_health()

    def test_what_it_says_of_itself_fits_together(self, rig: Rig) -> None:
        """A config with unknown names is refused by the schema, and each credential is named and
        described."""
        provider = rig.provider
        assert provider.config_schema["additionalProperties"] is False
        assert all(spec.name and spec.description for spec in provider.credentials)
        assert provider.capabilities.streaming == (provider.poll_s is None)
        assert provider.key
        assert provider.name
        assert provider.run_kinds
