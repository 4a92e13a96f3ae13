"""The tables of docs/reference/ have a row for what there is, and for nothing else."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry
from typer.main import get_command

from adapters.meter import PrometheusMeter
from cli.client.exits import CANCELED, FAILED, REFUSED, TIMED_OUT
from cli.main import commands
from domain.errors import ErrorCode
from domain.redaction.rules import RULES
from schema import faults
from serving.settings import Settings
from tests.e2e.server import COMMAND

ROOT: Final = Path(__file__).resolve().parents[2]
REFERENCE: Final = ROOT / "docs" / "reference"
DEFAULTS_IN_WORDS: Final = {
    "data_dir": "`.workbench` in the checkout",
    "project_root": "the working directory",
    "allowed_hosts": "none",
    "cors_origins": "none",
    "disabled_features": "none",
    "secret_keys": "none",
}


def rows(page: str, header: str) -> list[list[str]]:
    """The cells of the table with this first column, without its two first lines."""
    text = (REFERENCE / page).read_text(encoding="utf-8")
    found = re.search(rf"^\| {header} \|.*\n\|[-| ]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert found, f"{page} has no table of {header}"
    return [[cell.strip() for cell in row[1:-1].split("|")] for row in found[1].splitlines()]


def in_words(name: str) -> str:
    if name in DEFAULTS_IN_WORDS:
        return DEFAULTS_IN_WORDS[name]
    default = Settings.model_fields[name].default
    return "unset" if default is None else f"`{default}`"


def test_every_setting_is_listed_with_its_default_and_meaning() -> None:
    """One row a field, in the order of the fields."""
    expected = [
        [f"`WORKBENCH_{name.upper()}`", in_words(name), field.description]
        for name, field in Settings.model_fields.items()
    ]

    assert expected == rows("settings.md", "variable")


def test_every_command_is_listed_with_what_its_help_says() -> None:
    """Commands in groups by their whole name."""
    found = dict(leaves(get_command(commands([])), "workbench"))

    assert {f"`{name}`": text for name, text in found.items()} == dict(
        rows("command-line.md", "command")
    )


def leaves(command: object, name: str) -> list[tuple[str, str]]:
    below = getattr(command, "commands", None)
    if below is None:
        return [(name, (getattr(command, "help", None) or "").splitlines()[0])]
    return [leaf for key, part in below.items() for leaf in leaves(part, f"{name} {key}")]


def test_every_option_of_run_is_listed() -> None:
    """With the words of its help."""
    group: Any = get_command(commands(["run"]))
    run = group.commands["run"]
    options = {
        max(parameter.opts, key=len): parameter.help
        for parameter in run.params
        if parameter.param_type_name == "option" and parameter.name != "help"
    }

    assert {f"`{name}`": text for name, text in options.items()} == {
        name: text for name, _, text in rows("command-line.md", "option")
    }


def test_the_exit_codes_are_those_of_the_command() -> None:
    """The run's own, and the few for where it has none."""
    codes = [code for code, _ in rows("command-line.md", "exit code")]

    assert ["the run's own", *map(str, (FAILED, TIMED_OUT, REFUSED, CANCELED))] == codes


def test_the_exit_codes_of_a_workflow_run_are_those_of_its_command() -> None:
    """It has none of its own."""
    codes = [code for code, _ in rows("command-line.md", "exit code of a workflow run")]

    assert [*map(str, (0, FAILED, TIMED_OUT, REFUSED, CANCELED))] == codes


def test_every_metric_is_listed_with_its_kind_labels_and_help() -> None:
    """As the registry that `/metrics` prints knows them."""
    registry = CollectorRegistry()
    PrometheusMeter(registry)
    collectors: list[Any] = list(registry._collector_to_names)
    expected = [
        [f"`{family.name}`", family.type, labels(collector), family.documentation]
        for collector in collectors
        for family in collector.describe()
    ]

    assert sorted(expected) == sorted(rows("metrics.md", "metric"))


def labels(collector: object) -> str:
    return ", ".join(f"`{name}`" for name in getattr(collector, "_labelnames", ()))


def test_every_error_code_is_listed() -> None:
    """Those of the family; and those that only the endpoint knows, by the names it gives them."""
    text = (REFERENCE / "api.md").read_text(encoding="utf-8")
    only_top_level = {
        "BAD_REQUEST",
        "FOREIGN_ORIGIN",
        "REQUEST_TOO_LARGE",
        faults.INTERNAL,
        faults.DOCUMENT_INVALID,
    }

    assert [f"`{code}`" for code in ErrorCode] == [row[0] for row in rows("api.md", "code")]
    assert only_top_level == set(re.findall(r"^\| `(\w+)` \| [^|]+ \|$", text, re.MULTILINE))


def test_the_tests_that_hold_a_promise_are_there() -> None:
    """Each path in backticks in the README's table of promises."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = re.search(r"^\| promise \|.*\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert table
    named = re.findall(r"`((?:tests|examples)/[\w/.]+)`", table[1])

    assert len(table[1].splitlines()) - 1 <= len(named)
    assert [] == [path for path in named if not (ROOT / path).exists()]


def test_a_wrong_setting_is_named_and_its_value_is_not() -> None:
    """docs/reference/settings.md promises one line and exit code 2; the value may be a secret."""
    bare = {name: text for name, text in os.environ.items() if "WORKBENCH_" not in name}
    ended = subprocess.run(
        [COMMAND, "serve"],
        env={**bare, "WORKBENCH_BOOTSTRAP_TOKEN": "hushhush"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (2, "") == (ended.returncode, ended.stdout)
    assert ended.stderr.startswith("workbench: WORKBENCH_BOOTSTRAP_TOKEN: ")
    assert 1 == len(ended.stderr.splitlines())
    assert "hushhush" not in ended.stderr


def test_every_rule_of_redaction_is_listed() -> None:
    """In the order of the rules."""
    assert [rule.name for rule in RULES] == [row[0] for row in rows("redaction.md", "rule")]
