"""The example on connectors, on a real Ray cluster that dies and is started anew."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cli.served import ROOT, serving
from tests.engines import starting
from tests.fixtures_services import required

pytestmark = pytest.mark.engines


def test_a_cluster_is_connected_killed_and_comes_back(tmp_path: Path, folder: Path) -> None:
    """From its configuration to a log that streams and a cancel; then it dies, and is back without
    the run, so that a person decides."""
    told: list[str] = []
    with ExitStack() as lives:
        first = lives.enter_context(ExitStack())
        cluster = first.enter_context(required(starting.ray(folder)))
        served = lives.enter_context(serving(tmp_path, is_open=False))
        command = ["--ray", cluster.url, "--allow-private", "--until-healed"]
        walk = lives.enter_context(
            subprocess.Popen(
                [sys.executable, "examples/connect_providers.py", *command],
                env={**served.environment, "RAY_AUTH_TOKEN": cluster.token},
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        assert walk.stdout is not None
        for line in walk.stdout:
            told.append(line.rstrip("\n"))
            if "kill the provider now" in line:
                first.close()
            if "bring the provider back now" in line:
                lives.enter_context(starting.ray(folder / "2", like=cluster))
        code = walk.wait()

    assert 0 == code, told
    assert [
        *("configured", "its credential is set", "healthy"),
        *("launched", "SUCCEEDED", "launched", "CANCELED"),
        *("launched", "a run is there: kill the provider now", "degraded", "next check"),
        *("it is back without the run", "decided: CANCELED"),
    ] == [_beginning(line) for line in told if line.startswith("ray: ")], told
    printed = [line for line in told if line.startswith("ray> line")]
    assert ["ray> line 1", "ray> line 2", "ray> line 3"] == printed
    assert cluster.token not in "\n".join(told)


def _beginning(line: str) -> str:
    """What a line says before the reasons and the times of this very walk."""
    said = line.removeprefix("ray: ")
    return said if said.startswith(("a run", "decided")) else said.partition(": ")[0]
