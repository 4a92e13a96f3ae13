"""A report as blocks (headings, tables, log lines, notes) that each format then writes."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.digest import canonical
from domain.reports.facts import Facts
from domain.reports.texts import moment

NOTHING: Final = "-"
SERVER: Final = "the server"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `level` is 1 for the title, which comes first and once, and 2 or 3 below it."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table. Every row has as many cells as `head`."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines that a program printed."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence."""

    text: str


Row = Callable[[Any], Iterable[object]]
"""Returns the cells of the table row about one item."""

Block = Heading | Grid | Lines | Note
"""Blocks contain user input unescaped; each format escapes it when it writes them."""


def page(told: Facts) -> list[Block]:
    """Lay out the whole report. Empty parts are left out."""
    name, version = told["workflow"]["name"], told["workflow"]["version"]
    return [
        Heading(1, f"{name}, version {version}"),
        Note(_standing(told)),
        *_overview(told),
        *_part("Changes of the plan", _REVISIONS, told["revisions"], _revision),
        *_part("Steps", _STEPS, told["steps"], _step),
        *_part("Attempts", _ATTEMPTS, _attempts(told["steps"]), tuple),
        *_part("Cost and tokens", _USED, _used(told), tuple),
        *_part("Decisions of the policy", _DECISIONS, told["decisions"], _decision),
        *_part("Approvals", _APPROVALS, told["approvals"], _approval),
        *_part("Votes", _VOTES, _votes(told["approvals"]), tuple),
        *_part("Artifacts", _ARTIFACTS, told["artifacts"], _artifact),
        *_logs(told["logs"]),
        *_part("Timeline", _TIMELINE, told["timeline"], _event),
        *_audit(told["audit"]),
        *_omitted(told["omitted"]),
    ]


_REVISIONS: Final = ("Revision", "When", "Who", "Why", "Added", "Removed", "Changed")
_STEPS: Final = ("Step", "Type", "State", "Attempts", "Needs", "Revision", "Only if", "Made for")
_ATTEMPTS: Final = (
    "Step", "Attempt", "State", "Started", "Took", "Exit code", "Failure", "What", "Outputs",
)  # fmt: skip
_USED: Final = ("Step", "Attempt", "Provider", "Cost in cents", "Tokens", "In", "Out")
_DECISIONS: Final = ("Decision", "Step", "Attempt", "Verdict", "Risk", "Reasons", "Policy", "When")
_APPROVALS: Final = (
    "Approval", "Step", "Attempt", "About", "State", "Risk", "Asked by", "When", "Why", "Needed",
    "SHA-256 of what was shown",
)  # fmt: skip
_VOTES: Final = ("Approval", "Who", "For", "Said", "Why", "When")
_ARTIFACTS: Final = ("Name", "Step", "Attempt", "Type", "Bytes", "SHA-256", "Removed")
_TIMELINE: Final = ("#", "When", "Who", "Event", "Step", "What")


def _standing(told: Facts) -> str:
    """How it stands, for whoever reads one line."""
    run = told["run"]
    planned = [step for step in told["steps"] if step["removedIn"] is None]
    counts = Counter(step["state"] for step in planned)
    others = (f"{counts[each]} {each.lower()}" for each in ("FAILED", "SKIPPED", "CANCELED"))
    steps = ", ".join(
        (
            f"{counts['SUCCEEDED']} of {len(planned)} steps succeeded",
            *(each for each in others if not each.startswith("0 ")),
        )
    )
    took = _took(run["durationMs"])
    return f"{run['state']}: {steps}{f', in {took}' if took else ''}."


def _overview(told: Facts) -> list[Block]:
    run = told["run"]
    rows = (
        ("State", run["state"]),
        ("Project", told["project"]),
        ("Workflow run", run["id"]),
        ("About", told["workflow"]["description"]),
        ("Feature", run["feature"]),
        ("Asked for by", run["requestedBy"]),
        ("Reason", run["reason"]),
        ("Asked for at", moment(run["createdAt"])),
        ("Started at", moment(run["startedAt"])),
        ("Ended at", moment(run["finishedAt"])),
        ("Took", _took(run["durationMs"])),
        ("Failure", _failure(run["failure"])),
        ("Paused", run["pauseReason"]),
        ("Asked to stop at", moment(run["cancelRequestedAt"])),
        ("Why it was to stop", run["cancelReason"]),
        ("Inputs", _json(run["inputs"]) if run["inputs"] else None),
        ("Tool scopes", _list(run["toolScopes"])),
        ("Revision of the plan", run["revision"]),
        ("As of event", run["sequence"]),
    )
    known = tuple((name, _cell(value)) for name, value in rows if value is not None)
    return [Grid(("What", "Value"), tuple(row for row in known if row[1] != NOTHING))]


def _part(title: str, head: tuple[str, ...], items: Iterable[Any], row: Row) -> list[Block]:
    rows = tuple(tuple(map(_cell, row(each))) for each in items)
    return [Heading(2, title), Grid(head, rows)] if rows else []


def _revision(one: Facts) -> tuple[Any, ...]:
    plan = (_list(one[name]) for name in ("added", "removed", "changed"))
    return (one["revision"], moment(one["at"]), _who(one["actor"]), one["reason"], *plan)


def _step(one: Facts) -> tuple[Any, ...]:
    state = one["state"]
    if one["removedIn"] is not None:
        state = f"{state}, taken out by revision {one['removedIn']}"
    return (
        one["key"], one["type"], state, len(one["attempts"]), _list(one["needs"]), one["revision"],
        one["when"] or one["condition"], _held(one, "item"),
    )  # fmt: skip


def _attempts(steps: Sequence[Facts]) -> Iterable[tuple[Any, ...]]:
    for step in steps:
        for one in step["attempts"]:
            yield (
                step["key"], one["number"], one["state"], moment(one["startedAt"]),
                _took(one["durationMs"]), one["exitCode"], _failure(one["failure"]),
                _what(one["run"]), _held(one, "outputs"),
            )  # fmt: skip


def _used(told: Facts) -> Iterable[tuple[Any, ...]]:
    """Of every run that tells, and of all of them."""
    for step in told["steps"]:
        for one in step["attempts"]:
            if one["run"] and one["run"]["usage"]:
                figures = one["run"]["usage"].values()
                yield (step["key"], one["number"], one["run"]["provider"], *figures)
    summed = told["usage"]
    if summed["total"]:
        told_by = f"{summed['told']} of {summed['runs']} runs"
        yield ("All together", None, told_by, *summed["total"].values())


def _what(run: Facts | None) -> str | None:
    """Return the provider with the command or the digest of the prompt."""
    if run is None:
        return None
    prompt = run["promptSha256"]
    done = f"a prompt, SHA-256 {prompt}" if prompt else _json(run["command"])
    return f"{run['provider']}: {done}"


def _decision(one: Facts) -> tuple[Any, ...]:
    reasons = "; ".join(f"{each['code']}: {each['explanation']}" for each in one["reasons"])
    return (
        one["id"], one["step"], one["attempt"], one["verdict"], one["risk"], reasons,
        f"version {one['policyVersion']}", moment(one["decidedAt"]),
    )  # fmt: skip


def _approval(one: Facts) -> tuple[Any, ...]:
    return (
        one["id"], one["step"], one["attempt"], one["about"], one["state"], one["risk"],
        one["requestedBy"], moment(one["requestedAt"]), one["reason"],
        f"{one['requiredCount']} {one['requiredRole']}", one["sha256"],
    )  # fmt: skip


def _votes(approvals: Sequence[Facts]) -> Iterable[tuple[Any, ...]]:
    for one in approvals:
        for vote in one["votes"]:
            named = (vote[name] for name in ("by", "onBehalfOf", "decision", "reason"))
            yield (one["id"], *named, moment(vote["at"]))


def _artifact(one: Facts) -> tuple[Any, ...]:
    names = ("name", "step", "attempt", "mediaType", "bytes", "sha256")
    return (*(one[name] for name in names), moment(one["removedAt"]))


def _event(one: Facts) -> tuple[Any, ...]:
    return (
        one["sequence"], moment(one["at"]), _who(one["actor"]), one["event"], one["step"],
        one["told"],
    )  # fmt: skip


def _logs(logs: Sequence[Facts]) -> list[Block]:
    blocks: list[Block] = [Heading(2, "What was printed before it failed")] if logs else []
    for one in logs:
        last = one["firstLine"] + len(one["lines"]) - 1
        title = f"{one['step']}, attempt {one['attempt']}, lines {one['firstLine']} to {last}"
        blocks += [Heading(3, title), Lines(tuple(one["lines"]))]
    return blocks


def _audit(told: Facts | None) -> list[Block]:
    if told is None:
        return []
    ends = (told["first"], told["last"])
    told_of = ((e["sequence"], e["action"], moment(e["at"]), e["hash"]) for e in ends)
    rows = tuple(tuple(map(_cell, row)) for row in told_of)
    return [
        Heading(2, "Audit log"),
        Note(
            f"{told['entries']} entries of the chain {told['chain']} are about this run. "
            "These are the first and the last; `workbench audit verify` proves the chain."
        ),
        Grid(("Entry", "Action", "When", "SHA-256 of the chain up to it"), rows),
    ]


def _omitted(counts: Facts) -> list[Block]:
    left_out = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    return [Heading(2, "Left out"), Note(f"{left_out}.")] if left_out else []


def _held(one: Facts, name: str) -> str | None:
    size = one[f"{name}OmittedBytes"]
    if size is not None:
        return f"{size} bytes, left out"
    return _json(one[name]) if one[name] not in (None, {}) else None


def _failure(failure: Facts | None) -> str | None:
    return f"{failure['code']}: {failure['message']}" if failure else None


def _took(ms: int | None) -> str | None:
    return None if ms is None else f"{ms / 1000:.3f} s"


def _who(actor: str | None) -> str:
    return actor or SERVER


def _list(items: Sequence[str]) -> str | None:
    return ", ".join(items) or None


def _json(value: object) -> str:
    return canonical({"": value})[4:-1]


def _cell(value: object) -> str:
    return NOTHING if value is None or value == "" else str(value)
