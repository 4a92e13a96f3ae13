"""Workflow files that the pages show, for us and for GitHub."""

import json
import os
import re
import subprocess

from adapters.conditions import CelConditions
from adapters.github_actions.adapter import COMMAND_INPUT, RUN_INPUT
from adapters.json_schemas import JsonSchemas
from adapters.workflow_files import YamlFiles
from domain.models.principals import Role
from domain.models.providers import ProviderKind
from domain.models.runs import RunKind
from domain.workflows.checking import Checker, ProviderFacts, Surroundings
from domain.workflows.reading import read
from tests.docs.snippets import Block


def workflow(block: Block) -> None:
    """It takes what we send, shows the run's id, and no shell reads the command."""
    assert [RUN_INPUT, COMMAND_INPUT] == re.findall(r"^      (\w+):$", block.text, re.MULTILINE)
    assert re.search(rf"^run-name: .*\${{{{ inputs.{RUN_INPUT} }}}}", block.text, re.MULTILINE)
    assert f"COMMAND: ${{{{ inputs.{COMMAND_INPUT} }}}}" in block.text
    [step] = re.findall(r"^        run: (.*)$", block.text, re.MULTILINE)
    words = ["printf", "%s|", "$HOME", "two words", "'; exit 3", "ü"]
    environ = {"PATH": os.environ["PATH"], "COMMAND": json.dumps(words)}
    printed = subprocess.run(
        ["bash", "-e", "-c", step], env=environ, capture_output=True, check=True, timeout=60
    )
    assert "$HOME|two words|'; exit 3|ü|" == printed.stdout.decode()


def written(block: Block) -> None:
    """It can be carried out in a project with an approver and the providers that we bring along."""
    checker = Checker(conditions=CelConditions(), schemas=JsonSchemas())
    around = Surroundings(
        providers={
            "local": ProviderFacts(kind=ProviderKind.LOCAL, run_kinds={RunKind.COMMAND}),
            "a2a": ProviderFacts(kind=ProviderKind.PLATFORM, run_kinds={RunKind.PROMPT}),
        },
        default_provider="local",
        approvers={Role.APPROVER: 1},
    )
    checker.check(read(YamlFiles().read(block.text)), around)
