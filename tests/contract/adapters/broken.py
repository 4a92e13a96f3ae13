"""What adapters promise of connections that break and providers that answer nonsense."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from domain.errors import (
    CapabilityMissing,
    ProviderRefused,
    ProviderUnavailable,
    WorkbenchError,
)
from domain.models.providers import (
    HealthStatus,
    ProviderSignal,
    RunHandle,
    WorkOrder,
)
from domain.ports import Adapter
from tests.contract.adapters.floods import FLOODS, looked_at
from tests.contract.adapters.rig import (
    ENDS,
    PATIENCE_S,
    Act,
    Part,
    Rig,
    Seen,
    follow,
    handle_of,
)
from tests.faults import Cut, Drop, Endless, Fault, Reply, Silence, reply

OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CUTS_MAX = 200
ORDER_OF_SIGNALS = (ProviderSignal.QUEUED, ProviderSignal.RUNNING, ProviderSignal.SUCCEEDED)

GARBAGE: dict[str, Reply] = {
    "nothing": Reply(b""),
    "no http": Reply(b"\x16\x03\x01\x00\xff\x00hello\r\n\r\n"),
    "a page": reply(200, b"<html>Sign in</html>", "Content-Type: text/html"),
    "half an object": reply(200, b'{"id": "x", "sta'),
    "no utf-8": reply(200, b'{"id": "\xff\xfe"}'),
    "deep": reply(200, b'{"a":' * 2000 + b"1" + b"}" * 2000),
    "empty": reply(200, b""),
    **{
        text: reply(200, text.encode())
        for text in ("null", "[]", "{}", "5", '"x"', '{"id": 5, "status": []}', "[[1], null]")
    },
    "wrong kinds": reply(
        200,
        b'{"id": "x", "status": {"state": {}, "message": 7, "timestamp": "soon"},'
        b' "history": [null, 5], "artifacts": [{"parts": "x"}], "tasks": [3]}',
    ),
}
SLOW: dict[str, Fault] = {
    "silence": Silence(),
    "a byte now and then": Endless(OK_HEAD + b"Content-Length: 9999\r\n\r\n", b" ", 0.05),
    "a head without end": Endless(OK_HEAD, b"x", 0.05),
}
ENDLESS: dict[str, Fault] = {
    "a body without end": Endless(OK_HEAD + b"\r\n", b" " * 65536),
    "a hundred megabytes": Endless(OK_HEAD + b"Content-Length: 104857600\r\n\r\n", b" " * 65536),
    "headers without end": Endless(OK_HEAD, b"X-More: x\r\n" * 1000),
}

Question = Callable[[Adapter, RunHandle], Awaitable[object]]
QUESTIONS: dict[str, Question] = {
    "poll_status": lambda adapter, handle: adapter.poll_status(handle),
    "fetch_logs": lambda adapter, handle: adapter.fetch_logs(handle, None),
    "fetch_artifacts": lambda adapter, handle: adapter.fetch_artifacts(handle),
    "lookup": lambda adapter, handle: adapter.lookup(handle.run_id),
    "cancel": lambda adapter, handle: adapter.cancel(handle, "enough"),
    "resume": lambda adapter, handle: adapter.resume(handle, "yes"),
    "check_health": lambda adapter, _: adapter.check_health(),
}
"""All that may be asked without starting anything."""


def needs(part: Part) -> pytest.MarkDecorator:
    """A test that says nothing of a provider without this part."""
    return pytest.mark.needs(part)


def order_for(rig: Rig, act: Act) -> WorkOrder:
    order = rig.acts(act)
    if order is None:
        pytest.skip(f"this provider cannot be made to {act.lower()}")
    return order


async def started(rig: Rig, act: Act) -> RunHandle:
    order = order_for(rig, act)
    return handle_of(order, await rig.adapter.dispatch(order))


async def begun(rig: Rig, handle: RunHandle) -> None:
    """Until the provider says that it works on the run."""
    while (await rig.adapter.poll_status(handle)).signal is ProviderSignal.QUEUED:
        pass


class BrokenConnections:
    """A part of Conformance."""

    pytestmark = pytest.mark.anyio

    async def _check_found(self, rig: Rig, order: WorkOrder) -> None:
        """A provider that cannot tell must say so, and never that there is no such run, unless it
        may be sent again."""
        if rig.is_keyed:
            await rig.adapter.dispatch(order)
            return
        try:
            assert await rig.adapter.lookup(order.run_id) is not None
        except CapabilityMissing:
            assert not rig.can_look_up

    async def test_a_start_whose_answer_is_lost_is_not_repeated(self, rig: Rig) -> None:
        """The connection breaks at many places of the answer, and our server restarts: each time
        the run is found, and the far end got it once."""
        length = await self._answer_length(rig)
        for after in sorted({*range(0, length, 41), 1, length - 1}):
            order = order_for(rig, Act.COUNT)
            rig.proxy.breaks(Cut(after), rig.is_dispatch)
            error = await self._tried(rig.adapter.dispatch(order))
            assert isinstance(error, ProviderUnavailable), f"cut after {after} bytes"
            assert not error.is_unsent, f"cut after {after} bytes"
            rig.proxy.mend()
            await rig.restart()
            await self._check_found(rig, order)
            assert 1 == await rig.starts(order.run_id), f"cut after {after} bytes"

    async def _answer_length(self, rig: Rig) -> int:
        rig.proxy.breaks(Cut(1_000_000), rig.is_dispatch)
        await self._tried(rig.adapter.dispatch(order_for(rig, Act.COUNT)))
        rig.proxy.mend()
        return rig.proxy.answered

    async def _tried(self, call: Awaitable[object]) -> WorkbenchError | None:
        try:
            await call
        except (ProviderUnavailable, ProviderRefused, CapabilityMissing) as error:
            return error
        return None

    async def test_a_start_that_never_arrived_can_be_sent_again(self, rig: Rig) -> None:
        """A connection that broke before the provider got it: it finds nothing, and then starts."""
        order = order_for(rig, Act.COUNT)
        rig.proxy.breaks(Drop(), rig.is_dispatch)
        with pytest.raises(ProviderUnavailable):
            await rig.adapter.dispatch(order)
        rig.proxy.mend()
        await rig.restart()
        if rig.can_look_up:
            assert await rig.adapter.lookup(order.run_id) is None
        assert await rig.adapter.dispatch(order) is not None
        assert 1 == await rig.starts(order.run_id)

    async def test_who_cannot_be_reached_got_nothing(self, rig: Rig) -> None:
        """That is certain, and is said."""
        order = order_for(rig, Act.COUNT)
        await rig.proxy.stop()
        await rig.restart()
        with pytest.raises(ProviderUnavailable) as caught:
            await rig.adapter.dispatch(order)
        assert caught.value.is_unsent

    async def _asked(self, rig: Rig, name: str, adapter: Adapter) -> WorkbenchError | None:
        """What came of a question; where it is none for this provider, that it was not asked."""
        before = len(rig.proxy.heads)
        error = await self._tried(QUESTIONS[name](adapter, rig.unknown))
        if name not in rig.unasked:
            return error
        assert before == len(rig.proxy.heads), name
        return CapabilityMissing(name)

    @needs(Part.STATUS)
    @pytest.mark.parametrize("name", QUESTIONS)
    async def test_a_question_cut_at_each_byte_is_no_answer(self, rig: Rig, name: str) -> None:
        """Wherever the connection is reset, the provider counts as not reached: no half of an
        answer is taken for one."""
        handle = await started(rig, Act.WAIT)
        await begun(rig, handle)
        if name == "lookup":  # a run that is known need not be asked for
            handle = rig.unknown
        rig.proxy.breaks(Cut(1_000_000))
        rig.proxy.answered = 0
        error = await self._tried(QUESTIONS[name](rig.adapter, handle))
        if rig.proxy.answered == 0 or isinstance(error, CapabilityMissing):
            return
        length = rig.proxy.answered
        for after in range(0, length, max(rig.stride, length // CUTS_MAX)):
            rig.proxy.breaks(Cut(after))
            error = await self._tried(QUESTIONS[name](rig.adapter, handle))
            # What is asked for a second time may be answered more shortly.
            is_whole = rig.proxy.answered <= after
            assert is_whole or isinstance(error, ProviderUnavailable), f"cut after {after} bytes"

    @needs(Part.STATUS)
    @pytest.mark.parametrize("name", QUESTIONS)
    @pytest.mark.parametrize("garbage", GARBAGE)
    async def test_garbage_is_no_answer(self, rig: Rig, name: str, garbage: str) -> None:
        """Whatever comes back, it is one of the errors that the contract names, or says nothing;
        never that a run has ended."""
        rig.proxy.breaks(GARBAGE[garbage])
        try:
            answer = await QUESTIONS[name](rig.adapter, rig.unknown)
        except (ProviderUnavailable, ProviderRefused, CapabilityMissing):
            return
        assert name != "lookup", "that it is not there would let it start again"
        assert getattr(answer, "signal", None) not in {*ENDS, ProviderSignal.VANISHED}
        assert getattr(answer, "status", None) is not HealthStatus.HEALTHY

    @needs(Part.ANSWER)
    @pytest.mark.parametrize("garbage", GARBAGE)
    async def test_garbage_starts_nothing_for_sure(self, rig: Rig, garbage: str) -> None:
        """A start with such an answer is open: the provider may have understood it."""
        rig.proxy.breaks(GARBAGE[garbage], rig.is_dispatch)
        error = await self._tried(rig.adapter.dispatch(order_for(rig, Act.COUNT)))
        assert isinstance(error, ProviderUnavailable)
        assert not error.is_unsent

    @pytest.mark.parametrize("fault", [*SLOW, *ENDLESS])
    async def test_every_call_has_an_end(self, rig: Rig, fault: str) -> None:
        """In time and in size, for questions and for starts."""
        await self._tried(rig.adapter.check_health())
        rig.hurry()
        rig.proxy.breaks({**SLOW, **ENDLESS}[fault])
        for name in QUESTIONS:
            error = await self._asked(rig, name, rig.adapter)
            assert isinstance(error, ProviderUnavailable | CapabilityMissing), name
        rig.proxy.breaks({**SLOW, **ENDLESS}[fault], rig.is_dispatch)
        error = await self._tried(rig.adapter.dispatch(order_for(rig, Act.COUNT)))
        assert isinstance(error, ProviderUnavailable)
        assert not error.is_unsent

    @pytest.mark.parametrize("flood", FLOODS)
    async def test_a_stream_without_end_is_left(self, rig: Rig, flood: str) -> None:
        """After so many bytes it is hung up on, and not opened again; the run is followed to its
        end all the same. Who has no streams says so."""
        if not rig.provider.capabilities.streaming:
            with pytest.raises(CapabilityMissing):
                rig.adapter.subscribe(rig.unknown, None)
            return
        handle = await started(rig, Act.WAIT)
        fault, poured_max = FLOODS[flood]
        rig.proxy.breaks(fault, rig.is_stream)
        following = asyncio.create_task(follow(rig.provider, rig.adapter, handle, Seen()))
        async with asyncio.timeout(PATIENCE_S):
            await rig.proxy.left.wait()
            # Whoever would open it anew had the time to.
            await looked_at(rig, times=2)
        assert rig.proxy.poured < poured_max
        await rig.adapter.cancel(handle, None)
        assert ProviderSignal.CANCELED is (await following).signals[-1]
        assert 1 == len([head for head in rig.proxy.heads if rig.is_stream(head)])

    @pytest.mark.parametrize("status", [429, 503])
    async def test_who_wants_to_be_left_alone_says_for_how_long(
        self, rig: Rig, status: int
    ) -> None:
        """Retry-After reaches whoever asks again; a start that was put off was not taken."""
        rig.proxy.breaks(reply(status, b"{}", "Retry-After: 7"))
        for name in QUESTIONS:
            error = await self._asked(rig, name, rig.adapter)
            assert isinstance(error, ProviderUnavailable | CapabilityMissing), name
            assert 7 == getattr(error, "retry_after_s", 7), name
        rig.proxy.breaks(reply(status, b"{}", "Retry-After: 7"), rig.is_dispatch)
        error = await self._tried(rig.adapter.dispatch(order_for(rig, Act.COUNT)))
        assert isinstance(error, ProviderUnavailable)
        assert (7, status == 429) == (error.retry_after_s, error.is_unsent)

    @pytest.mark.parametrize("status", [500, 502, 504])
    async def test_a_server_in_trouble_is_asked_again(self, rig: Rig, status: int) -> None:
        """What it may have done all the same nobody knows."""
        rig.proxy.breaks(reply(status, b"<html>Bad gateway</html>"))
        for name in QUESTIONS:
            error = await self._asked(rig, name, rig.adapter)
            assert isinstance(error, ProviderUnavailable | CapabilityMissing), name
        rig.proxy.breaks(reply(status, b""), rig.is_dispatch)
        error = await self._tried(rig.adapter.dispatch(order_for(rig, Act.COUNT)))
        assert isinstance(error, ProviderUnavailable)
        assert not error.is_unsent

    async def test_a_redirect_is_not_followed(self, rig: Rig) -> None:
        """Neither a question nor a start nor a secret goes where an answer points."""
        rig.proxy.breaks(reply(307, b"", "Location: http://169.254.169.254/latest/meta-data/"))
        for name in QUESTIONS:
            error = await self._asked(rig, name, rig.adapter)
            assert isinstance(error, ProviderRefused | CapabilityMissing), name
        asked = len(rig.proxy.heads)
        with pytest.raises(ProviderRefused):
            await rig.adapter.dispatch(order_for(rig, Act.COUNT))
        assert asked < len(rig.proxy.heads)

    @needs(Part.REFUSAL)
    async def test_a_wrong_secret_is_refused_and_not_shown(
        self, rig: Rig, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Not even where the provider repeats it in its answer."""
        if rig.secret is None:
            pytest.skip("this provider wants no secret")
        wrong = "wr0ng-secret-of-the-suite"
        adapter = rig.with_secret(wrong)
        errors = [await self._asked(rig, name, adapter) for name in QUESTIONS]
        order = order_for(rig, Act.COUNT)
        errors.append(await self._tried(adapter.dispatch(order)))
        assert all(isinstance(error, ProviderRefused | CapabilityMissing) for error in errors)
        assert 0 == await rig.starts(order.run_id)
        assert wrong not in repr(errors) + repr(adapter) + repr(vars(adapter)) + caplog.text

    @pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 409, 422, 500])
    async def test_what_repeats_our_secret_is_masked(
        self, rig: Rig, status: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        """In every error, whatever the status, and in what is logged."""
        if rig.secret is None:
            pytest.skip("this provider wants no secret")
        caplog.set_level(logging.DEBUG)
        told = f'{{"error": {{"message": "you said {rig.secret}"}}, "detail": "{rig.secret}"}}'
        rig.proxy.breaks(reply(status, told.encode()))
        errors = [await self._asked(rig, name, rig.adapter) for name in QUESTIONS]
        rig.proxy.breaks(reply(status, told.encode()), rig.is_dispatch)
        errors.append(await self._tried(rig.adapter.dispatch(order_for(rig, Act.COUNT))))
        assert rig.secret not in repr(errors)
        assert rig.secret not in "".join(r.getMessage() for r in caplog.records)
