"""Reports as they are written: whatever users wrote stays text, and every bound is told."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from domain.digest import sha256
from domain.errors import QuotaExceeded
from domain.ids import DecisionId, PrincipalId, ProjectId, RunId, StepRunId, WorkflowId
from domain.ids import WorkflowRunId as Id
from domain.lifecycle import RunState, StepRunState, WorkflowRunState
from domain.limits import (
    REPORT_BYTES_MAX,
    REPORT_TEXT_CHARACTERS_MAX,
    REPORT_VALUE_BYTES_MAX,
)
from domain.models.providers import EnvProfile
from domain.models.reports import Excerpt, Omissions, Report, ReportedStep, ReportFormat
from domain.models.runs import FailureCode, Run, RunFailure, RunKind
from domain.models.workflow_events import StepRunSkipped, WorkflowRunEvent
from domain.models.workflow_runs import StepAttempt, StepRun, WorkflowRun
from domain.models.workflows import Step, StepType, Workflow, WorkflowDefinition
from domain.reports.facts import facts
from domain.reports.html import html
from domain.reports.markdown import markdown
from domain.reports.pages import Block, Grid, Heading, Lines, Note
from domain.reports.texts import CUT
from domain.reports.writing import write

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ADA, PROJECT = PrincipalId("ada"), ProjectId("p1")
HOSTILE = (
    "<script>alert(1)</script>",
    "</pre></td><img src=x onerror=alert(1)>",
    "a | b | c",
    "`code` ``` ````",
    "[click](javascript:alert(1)) ![x](https://evil.example/x.png)",
    "https://evil.example www.evil.example @everyone <https://evil.example>",
    "*bold* _em_ ~~gone~~ $x$ &lt; &#60;b&#62;",
    "\x1b[31mred\x1b[0m \x00 \u202eevil \u2028 \udc80",
    "# head\n\n- list\n> quote\r\n---\n\n    code",
    "back\\slash\\",
)
PLAIN = MarkdownIt("commonmark").enable("table")


def child(**changes: Any) -> Run:
    made = Run(
        id=RunId("r1"),
        project_id=PROJECT,
        kind=RunKind.COMMAND,
        requested_provider="local",
        provider="local",
        command=("make",),
        cwd="/srv",
        env_profile=EnvProfile.DEFAULT,
        timeout_ms=1000,
        state=RunState.FAILED,
        decision_id=DecisionId("d1"),
        requested_by=ADA,
        created_at=NOW,
    )
    return replace(made, **changes)


def workflow_run(text: str) -> WorkflowRun:
    return WorkflowRun(
        id=Id("w1"),
        project_id=PROJECT,
        workflow_id=WorkflowId("f1"),
        state=WorkflowRunState.FAILED,
        concurrency=1,
        inputs={"said": text},
        reason=text,
        requested_by=ADA,
        created_at=NOW,
        sequence=1,
    )


def report(text: str = "plain", **changes: Any) -> Report:
    """One whose every text is this."""
    step = Step(key=text, type=StepType.COMMAND, when=text)
    step_run = StepRun(
        id=StepRunId("s1"),
        workflow_run_id=Id("w1"),
        project_id=PROJECT,
        index=0,
        key=text,
        step=step,
        item=text,
        state=StepRunState.SKIPPED,
    )
    attempt = StepAttempt(
        step_run_id=step_run.id,
        number=1,
        state=StepRunState.FAILED,
        run_id=RunId("r1"),
        failure=RunFailure(code=FailureCode.EXIT_NONZERO, message=text),
        outputs={text: text},
        started_at=NOW,
        finished_at=NOW + timedelta(milliseconds=7),
    )
    definition = WorkflowDefinition(name=text, description=text, steps=(step,))
    made = Report(
        run=workflow_run(text),
        workflow=Workflow(
            id=WorkflowId("f1"),
            project_id=PROJECT,
            version=3,
            definition=definition,
            author_id=ADA,
            created_at=NOW,
        ),
        project="main",
        steps=(ReportedStep(step_run=step_run, attempts=(attempt,)),),
        events=(
            WorkflowRunEvent(
                workflow_run_id=Id("w1"),
                sequence=1,
                at=NOW,
                actor_id=ADA,
                fact=StepRunSkipped(step_run_id=step_run.id, key=text, reason=text),
            ),
        ),
        runs={RunId("r1"): child(command=("echo", text))},
        excerpts=(Excerpt(run_id=RunId("r1"), first_line=5, lines=(text, text)),),
        names={ADA: text},
    )
    return replace(made, **changes)


class Elements(HTMLParser):
    """The names of the elements of a page, and all its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


OURS = Elements(write(report(), ReportFormat.HTML))
RENDERED = Elements(PLAIN.render(write(report(), ReportFormat.MARKDOWN)))


def check_harmless(text: str) -> None:
    hostile = report(text)
    page = write(hostile, ReportFormat.HTML)
    found = Elements(page)
    assert (OURS.names, OURS.attributes) == (found.names, found.attributes)
    source = write(hostile, ReportFormat.MARKDOWN)
    shown = Elements(PLAIN.render(source))
    assert (RENDERED.names, RENDERED.attributes) == (shown.names, shown.attributes)
    rows = [len(line.split(" | ")) for line in source.splitlines() if line.startswith("| ")]
    plain = write(report(), ReportFormat.MARKDOWN)
    assert rows == [len(each.split(" | ")) for each in plain.splitlines() if each[:1] == "|"]
    for written in (page, source, write(hostile, ReportFormat.JSON)):
        assert all(each.isprintable() or each == "\n" for each in written)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_users_wrote_makes_nothing_but_text(text: str) -> None:
    """The page has the elements that a page without it has, in HTML and in Markdown; nothing in it
    commands a terminal or turns the order of letters."""
    check_harmless(text)


@given(st.text(alphabet=st.sampled_from("<>&'\"`|*_[]()!#~-+\\\n\r\t\x1b :/aw.@$="), max_size=30))
def test_no_mixture_of_signs_makes_anything_but_text(text: str) -> None:
    """Signs that mean something in HTML or Markdown, in any order."""
    check_harmless(f"x{text}x")


def test_what_users_wrote_can_still_be_read() -> None:
    """Rendered, it is what they wrote."""
    text = 'a | *b* `c` [d](e) <f> & "g" ~h~ $i$ #j @k https://l \\m'
    blocks: list[Block] = [Heading(1, text), Note(text), Grid(("x",), ((text,),)), Lines((text,))]
    assert 4 == Elements(PLAIN.render(markdown(blocks))).text.count(text)
    assert 5 == Elements(html(blocks, text)).text.count(text)


def test_a_line_of_ticks_does_not_end_its_fence() -> None:
    """The fence is longer than what is inside; otherwise it is the usual one."""
    assert "````text\n```\nx\n````\n" == markdown([Lines(("```", "x"))])
    assert "```text\nx\n```\n" == markdown([Lines(("x",))])


def test_a_page_in_html_may_do_nothing() -> None:
    """Its policy allows its own style alone, by its hash."""
    page = write(report(), ReportFormat.HTML)
    assert "default-src 'none'; style-src 'sha256-" in page
    assert "http" not in page.replace("http-equiv", "")


@pytest.mark.parametrize("report_format", list(ReportFormat))
def test_the_same_report_gives_the_same_bytes(report_format: ReportFormat) -> None:
    """However often it is written."""
    assert write(report(), report_format) == write(report(), report_format)


def test_a_long_text_is_cut_where_it_is_told() -> None:
    """A command as a whole, any other text by itself; outputs and items are left out, and how large
    they are is said."""
    long = "x" * (REPORT_VALUE_BYTES_MAX + 1)
    told = facts(report(long))
    (step,) = told["steps"]
    (attempt,) = step["attempts"]

    cut = "x" * REPORT_TEXT_CHARACTERS_MAX + CUT
    assert (cut, cut) == (told["run"]["reason"], attempt["failure"]["message"])
    assert (None, None) == (attempt["outputs"], step["item"])
    assert attempt["outputsOmittedBytes"] > 2 * REPORT_VALUE_BYTES_MAX
    assert (True, "echo") == (attempt["run"]["commandIsCut"], attempt["run"]["command"][0])
    assert len("".join(attempt["run"]["command"])) <= REPORT_TEXT_CHARACTERS_MAX + len(CUT)
    assert f"{attempt['outputsOmittedBytes']} bytes, left out" in write(
        report(long), ReportFormat.HTML
    )


@pytest.mark.parametrize(
    ("command", "told", "is_cut"),
    [
        ((), [], False),
        (("a", "b"), ["a", "b"], False),
        (("y" * REPORT_TEXT_CHARACTERS_MAX,), ["y" * REPORT_TEXT_CHARACTERS_MAX], False),
        (("y" * REPORT_TEXT_CHARACTERS_MAX, "z"), ["y" * REPORT_TEXT_CHARACTERS_MAX], True),
        (("y" * (REPORT_TEXT_CHARACTERS_MAX + 1),), ["y" * REPORT_TEXT_CHARACTERS_MAX + CUT], True),
    ],
)
def test_a_command_is_told_as_far_as_there_is_room(
    command: tuple[str, ...],
    told: list[str],
    is_cut: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """And whether that is all of it."""
    (step,) = facts(report(runs={RunId("r1"): child(command=command)}))["steps"]
    run = step["attempts"][0]["run"]
    assert (told, is_cut) == (run["command"], run["commandIsCut"])


def test_a_prompt_is_told_by_its_digest() -> None:
    """It may hold whole documents."""
    asked = report(runs={RunId("r1"): child(command=(), prompt="Do it.", kind=RunKind.PROMPT)})
    for report_format in ReportFormat:
        page = write(asked, report_format)
        assert "Do it." not in page
        assert sha256("Do it.") in page


def test_what_was_left_out_is_told() -> None:
    """In every format."""
    short = report(omitted=Omissions(events=7))
    assert 7 == json.loads(write(short, ReportFormat.JSON))["omitted"]["events"]
    assert "7 events." in write(short, ReportFormat.MARKDOWN)
    assert "Left out" not in write(report(), ReportFormat.MARKDOWN)


def test_a_report_that_is_too_large_is_refused() -> None:
    """And not cut at some place or other."""
    many = (Excerpt(run_id=RunId("r1"), first_line=1, lines=("x" * REPORT_BYTES_MAX,)),)
    with pytest.raises(QuotaExceeded, match="in parts"):
        write(report(excerpts=many), ReportFormat.JSON)


def test_a_page_looks_like_one_to_hand_on() -> None:
    """It begins with how the run stands; states have their colors, moments are for people, and no
    word is broken but a digest."""
    digest = "a" * 64
    page = write(report(reason := "A clean build"), ReportFormat.HTML)
    assert (
        f"<h1>{reason}, version 3</h1>\n<p>FAILED: 0 of 1 steps succeeded, 1 skipped.</p>" in page
    )
    assert '<td class="bad">FAILED</td>' in page
    assert '<td class="time">2026-01-02 03:04:05.000 UTC</td>' in page
    assert '<td class="time">0.007 s</td>' in page
    row = html([Grid(("x", "y"), ((digest, "REQUIRE_APPROVAL"),))], "x")
    assert f'<td class="long">{digest}</td><td>REQUIRE_APPROVAL</td>' in row
