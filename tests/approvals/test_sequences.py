"""Whatever is asked of the API, by whom and in which order: nothing goes out that may not."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schema.ids import run_id
from tests.approving import CANCEL, RETRY, Court, Json, asking, court, rule

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

PROGRAMS: Final = ("ls", "make")
PEOPLE: Final = ("olga", "anna", "ben", "eva")
Needed = Mapping[str, int | None]
NEEDED: Final[Sequence[Needed]] = (
    {"ls": 0, "make": 1},
    {"ls": 1, "make": 2},
    {"ls": 0, "make": None},
    {"make": 1},
)
"""How many have to agree under each policy: None is denied, and what is not there is asked too."""
ROLES: Final = (("OPERATOR",), ("APPROVER",), ("ELEVATED_APPROVER", "OPERATOR"), ("VIEWER",))

Step = tuple[Any, ...]
RUN: Final = st.integers(0, 5)
STEP: Final[st.SearchStrategy[Step]] = st.one_of(
    st.tuples(st.just("launch"), st.sampled_from(PEOPLE), st.sampled_from(PROGRAMS)),
    st.tuples(
        st.just("decide"), st.sampled_from(PEOPLE), RUN, st.sampled_from(["APPROVE", "REJECT"])
    ),
    st.tuples(st.just("decide"), st.sampled_from(PEOPLE), RUN, st.just("APPROVE")),
    st.tuples(st.just("policy"), st.integers(0, len(NEEDED) - 1)),
    st.tuples(st.just("roles"), st.sampled_from(PEOPLE), st.sampled_from(ROLES)),
    st.tuples(st.just("cancel"), RUN),
    st.tuples(st.just("retry"), RUN),
    st.tuples(st.just("sleep"), st.sampled_from([1, 40])),
    st.tuples(st.just("look")),
    st.tuples(st.just("dispatch")),
    st.tuples(st.just("agree"), RUN),
)


def rules(needed: Needed) -> list[Json]:
    """A policy that asks so many people, within half a minute."""
    made = []
    for program, count in needed.items():
        if count is None:
            made.append(rule(program, "DENY"))
        elif count == 0:
            made.append(rule(program, "ALLOW"))
        else:
            made.append(asking(program, count, expiresMs=30_000))
    return made


@dataclass
class Book:
    """What a person with a pencil knows: what was launched, who agreed to what, and what holds."""

    tried: Court
    needed: Needed = field(default_factory=lambda: NEEDED[0])
    runs: list[Json] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)
    programs: dict[str, str] = field(default_factory=dict)
    agreed: dict[str, set[str]] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)
    dispatched: Counter[str] = field(default_factory=Counter)
    """How many went out that needed nobody, or people; over all books that share it."""

    def note(self, run: Json, who: str, program: str) -> None:
        """A run that was launched."""
        if "id" in run:
            self.runs.append(run)
            self.owners[run["id"]], self.programs[run["id"]] = who, program

    async def take(self, step: Step) -> None:
        """Do it, and note what the API says came of it."""
        name, *given = step
        if name in {"decide", "cancel", "retry"}:
            which = given.pop(1 if name == "decide" else 0)
            if self.runs:
                await self.move(name, self.runs[which % len(self.runs)], *given)
        else:
            await getattr(self, name)(*given)

    async def launch(self, who: str, program: str) -> None:
        self.note(await self.tried.launch(who, program), who, program)

    async def policy(self, which: int) -> None:
        if await self.tried.policy(*rules(NEEDED[which])) == "PolicySetPayload":
            self.needed = NEEDED[which]

    async def roles(self, who: str, roles: tuple[str, ...]) -> None:
        await self.tried.roles(who, *roles)

    async def sleep(self, seconds: float) -> None:
        await self.tried.clock.sleep(seconds)

    async def look(self) -> None:
        await self.tried.look()

    async def move(self, name: str, run: Json, *given: str) -> None:
        """Something with a run, by whoever."""
        if name == "cancel":
            answer = (await self.tried.ask("root", CANCEL, id=run["id"]))["runCancel"]
            if answer["__typename"] == "RunCancelPayload":
                self.over.add(run["id"])
        elif name == "retry":
            again = (await self.tried.ask("root", RETRY, id=run["id"]))["runRetry"]
            self.note(again.get("run", {}), "root", self.programs[run["id"]])
        else:
            await self.decide(run, *given)

    async def decide(self, run: Json, who: str, decision: str) -> None:
        """By the present approval of the run, as this one sees it."""
        asked = (await self.tried.run("root", run))["approval"]
        if asked is None:
            return
        answer = await self.tried.decide(who, asked, decision)
        if answer["__typename"] != "Approval":
            return
        if decision == "REJECT":
            self.over.add(run["id"])
        self.agreed.setdefault(asked["id"], set()).add(who)

    async def agree(self, which: int) -> None:
        """Two who may say yes to a run, as far as they still may."""
        if self.runs:
            for who in ("anna", "ben"):
                await self.decide(self.runs[which % len(self.runs)], who, "APPROVE")

    async def dispatch(self) -> None:
        """Hand over all that goes, and see that each of it may."""
        before = len(self.tried.orders)
        await self.tried.dispatch()
        for order in self.tried.orders[before:]:
            run = await self.tried.run("root", {"id": run_id(order.run_id)})
            needed = self.needed.get(order.command[0], 1)
            assert run["id"] not in self.over
            assert needed is not None
            assert "RUNNING" == run["state"]
            self.dispatched["with people" if needed else "freely"] += 1
            if needed:
                people = self.agreed[run["approval"]["id"]] - {self.owners[run["id"]]}
                assert needed <= len(people)


@pytest.fixture
def dispatched() -> Iterator[Counter[str]]:
    """Of all examples together: were nothing ever let through, none of them could fail."""
    counted: Counter[str] = Counter()
    yield counted
    assert {"with people", "freely"} == set(counted)


@pytest.fixture
async def on_sqlite(tmp_path: Path) -> AsyncIterator[Court]:
    """One for all examples, since it takes a while to make."""
    async with court(tmp_path, None) as made:
        await made.roles("admin", "OPERATOR", "APPROVER")
        made.make_room()
        yield made


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEP, min_size=6, max_size=30))
async def test_nothing_is_dispatched_that_was_not_decided_and_agreed_to(
    on_sqlite: Court, dispatched: Counter[str], steps: list[Step]
) -> None:
    """Launches, policies, answers, cancellations, retries, roles and time, in any order."""
    book = Book(on_sqlite, dispatched=dispatched)
    for name in PEOPLE:
        await on_sqlite.roles(name, "APPROVER", "OPERATOR")
    await on_sqlite.policy(*rules(NEEDED[0]))
    try:
        for step in [*steps, ("dispatch",)]:
            await book.take(step)
    finally:
        for run in book.runs:
            await on_sqlite.ask("root", CANCEL, id=run["id"])
