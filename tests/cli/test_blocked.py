"""`workbench run` of what people have to approve, against a real server with its engine."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.approving import DECIDE, MEMBER, PERSON, POLICY, SHOW, asking
from tests.cli.served import TOKEN, Served, serving

pytestmark = pytest.mark.timeout(180)


def ask(served: Served, document: str, token: str = TOKEN, **variables: Any) -> Any:
    """The data of the answer."""
    headers = {"Authorization": f"Bearer {token}"}
    body = {"query": document, "variables": variables}
    answer = httpx.post(f"{served.url}/graphql", json=body, headers=headers, timeout=20).json()
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


def test_it_tells_whom_it_waits_for_and_goes_on_when_they_agree(tmp_path: Path) -> None:
    """Role, number and time; then the log, and the exit code, as of any other run."""
    with serving(tmp_path) as served:
        anna = ask(served, PERSON, name="anna")["tokenCreate"]["token"]
        ask(served, MEMBER, project="default", name="anna", roles=["APPROVER"])
        ask(served, POLICY, project="default", rules=[asking("echo")])
        with served.command("--", "echo", "agreed") as process:
            assert process.stderr is not None
            waits = next(line for line in process.stderr if "It waits for" in line)
            told = re.search(
                r"1 with the right of APPROVER, until [^:]+:\d\d [^:]+: "
                r"workbench approvals show (\S+)$",
                waits,
            )
            assert told, waits
            show = "query($id: ID!) { node(id: $id) { ... on Approval { id digest } } }"
            approval = ask(served, show, anna, id=told[1])["node"]
            given = {**approval, "decision": "APPROVE"}
            decided = ask(served, DECIDE, anna, input=given)["approvalDecide"]["approval"]
            out, _ = process.communicate(timeout=60)

        run = ask(served, SHOW, id=decided["run"]["id"])["node"]
    assert (0, "agreed\n", "SUCCEEDED") == (process.returncode, out, run["state"])


SWITCH = """mutation($on: Boolean!) { killSwitchSet(
  input: {scope: PROVIDER, provider: "local", engaged: $on, reason: "a runaway agent"}
) { __typename } }"""


def test_it_tells_which_kill_switch_it_waits_for(tmp_path: Path) -> None:
    """Once, though the run itself is in no other state for it; and it goes on once released."""
    with serving(tmp_path) as served:
        anna = ask(served, PERSON, name="anna")["tokenCreate"]["token"]
        ask(served, MEMBER, project="default", name="anna", roles=["APPROVER"])
        ask(served, POLICY, project="default", rules=[asking("echo")])
        with served.command("--", "echo", "agreed") as process:
            assert process.stderr is not None
            waits = next(line for line in process.stderr if "It waits for" in line)
            ask(served, SWITCH, on=True)
            show = "query($id: ID!) { node(id: $id) { ... on Approval { id digest } } }"
            approval = ask(served, show, anna, id=waits.split()[-1])["node"]
            ask(served, DECIDE, anna, input={**approval, "decision": "APPROVE"})
            told = next(line for line in process.stderr if "kill switch" in line)
            ask(served, SWITCH, on=False)
            out, err = process.communicate(timeout=60)
    assert told == (
        "workbench: It waits until the kill switch of the provider local is released. "
        "Reason: a runaway agent\n"
    )
    assert (0, "agreed\n", False) == (process.returncode, out, "kill switch" in err)


def test_what_is_denied_or_left_waiting_says_so(tmp_path: Path) -> None:
    """A denial names its rule's words; who does not wait is told on stderr that it waits."""
    forbidding = {"name": "none", "match": {"programs": ["echo"]}, "effect": "DENY"}
    with serving(tmp_path, is_open=False) as served:
        with served.command("--detach", "--", "touch", "it") as waiting:
            run_id, said = waiting.communicate(timeout=60)
        assert "It is BLOCKED" in said
        show = "query($id: ID!) { node(id: $id) { ... on Approval { run { id } } } }"
        approval = said.split("workbench approvals show ")[1].strip()
        assert run_id.strip() == ask(served, show, id=approval)["node"]["run"]["id"]
        assert ask(served, SHOW, id=run_id.strip())["node"]["state"] == "BLOCKED"

        allowing = {"name": "anything", "match": {}, "effect": "ALLOW"}
        rules = [allowing, {**forbidding, "explanation": "Echoes are for caves."}]
        ask(served, POLICY, project="default", rules=rules)
        with served.command("--", "echo", "hello") as denied:
            _, refusal = denied.communicate(timeout=60)
    assert (125, True) == (denied.returncode, "Echoes are for caves." in refusal), refusal
    assert "'anything'" not in refusal, "what allows it has not denied it"
