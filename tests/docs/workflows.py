"""Workflow files that the pages show, for GitHub."""

import json
import os
import re
import subprocess

from adapters.github_actions.adapter import COMMAND_INPUT, RUN_INPUT
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
