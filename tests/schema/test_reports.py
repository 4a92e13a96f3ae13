"""Reports through the API: in each format, to whoever may read the run."""

import json
from dataclasses import replace

import pytest

from domain.ids import RunId
from domain.models.usage import Usage
from domain.models.workflow_runs import WorkflowRun
from schema import ids
from tests.contract.store import planned
from tests.schema.api import ONLOOKER, STRANGER, Api
from tests.schema.test_workflow_runs import statements, tried_twice

pytestmark = pytest.mark.anyio

USED = "{ costCents tokens inputTokens outputTokens }"
USAGES = f"""query($id: ID!) {{ node(id: $id) {{ ... on WorkflowRun {{
  usage {USED} stepRuns {{ key usage {USED} attempts {{ run {{ usage {USED} }} }} }} }} }} }}"""
REPORT = """query($id: ID!, $format: ReportFormat) {
  node(id: $id) { ... on WorkflowRun { report(format: $format) } } }"""
USUAL = "query($id: ID!) { node(id: $id) { ... on WorkflowRun { report } } }"


async def written(api: Api, run: WorkflowRun, report_format: str | None) -> str:
    run_id = ids.workflow_run_id(run.id)
    answer = await api.data(REPORT, token=ONLOOKER, id=run_id, format=report_format)
    text: str = answer["node"]["report"]
    return text


async def test_a_report_is_markdown_unless_another_format_is_asked_for(api: Api) -> None:
    """Who may read the run gets it in any of them."""
    made = await tried_twice(api)
    usual = await api.data(USUAL, token=ONLOOKER, id=ids.workflow_run_id(made.run.id))

    assert usual["node"]["report"].startswith("# release, version 1\n")
    assert usual["node"]["report"] == await written(api, made.run, None)
    assert usual["node"]["report"] == await written(api, made.run, "MARKDOWN")
    assert (await written(api, made.run, "HTML")).startswith("<!doctype html>\n")
    told = json.loads(await written(api, made.run, "JSON"))
    assert ["workbench-report-1", "main"] == [told["format"], told["project"]]
    build, check = told["steps"]
    assert [("FAILED", 1), ("RUNNING", 2)] == [
        (one["state"], one["number"]) for one in build["attempts"]
    ]
    assert [made.first.id, made.second.id] == [one["run"]["id"] for one in build["attempts"]]
    assert [] == check["attempts"]


async def test_a_stranger_gets_no_report(api: Api) -> None:
    """The run is not there for who may not read its project."""
    run, _ = await planned.started(api.scene)
    answer = await api.data(USUAL, token=STRANGER, id=ids.workflow_run_id(run.id))
    assert {"node": None} == answer


async def test_a_report_takes_as_many_statements_for_many_steps_as_for_one(api: Api) -> None:
    """Nothing is read one by one."""
    small, _ = await planned.started(api.scene)
    large = await tried_twice(api)
    with statements(api) as few:
        await written(api, small, "JSON")
    with statements(api) as more:
        await written(api, large.run, "JSON")
    assert len(few) == len(more)


async def used(api: Api, run_id: RunId, usage: Usage) -> None:
    """As its provider would tell it."""
    async with api.scene.store.transaction() as unit:
        run = await unit.runs.get(run_id)
        assert run is not None
        told = replace(run, usage=usage)
        assert await unit.runs.change(run, told, [], actor=None, at=run.created_at)


async def test_what_runs_used_up_is_told_and_summed(api: Api) -> None:
    """Of each run, of a step over its attempts, and of all; nothing is told where nothing is."""
    made = await tried_twice(api)
    await used(api, made.first.id, Usage(cost_micros=12_345, input_tokens=5, tokens=5))
    await used(api, made.second.id, Usage(tokens=3 * 10**9))

    run_id = ids.workflow_run_id(made.run.id)
    node = (await api.data(USAGES, token=ONLOOKER, id=run_id))["node"]

    one = {"costCents": 1.2345, "tokens": 5, "inputTokens": 5, "outputTokens": None}
    other = {**dict.fromkeys(one), "tokens": 2**31 - 1}
    both = {**one, "tokens": 2**31 - 1}
    build, check = node["stepRuns"]
    assert [one, other] == [each["run"]["usage"] for each in build["attempts"]]
    assert (both, None, both) == (build["usage"], check["usage"], node["usage"])
    told = json.loads(await written(api, made.run, "JSON"))
    assert {"runs": 2, "told": 2, "total": {**one, "tokens": 3 * 10**9 + 5}} == told["usage"]
    assert one == told["steps"][0]["attempts"][0]["run"]["usage"]
    page = await written(api, made.run, "MARKDOWN")
    assert "## Cost and tokens" in page
    assert "| 2 of 2 runs | 1.2345 | 3000000005 | 5 | - |" in page
