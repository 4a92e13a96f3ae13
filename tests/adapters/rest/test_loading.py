"""What a manifest may say, and how somebody learns what is wrong with one."""

import json
from pathlib import Path

import pytest

from adapters.rest.describing import schema
from adapters.rest.faults import ManifestInvalid
from adapters.rest.loading import SHIPPED, check_settings, load, parse

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "manifest.schema.json"

SMALL = """
manifest_version = 1
id = "small"
title = "Small"
kind = "ENGINE"
run_kinds = ["COMMAND"]
base_url = "{{config.url}}"
private_addresses = "config"
config_required = ["url"]

[[sources]]
title = "Its page"
url = "https://example.com/api"
read_on = 2026-11-20

[config.url]
type = "string"

[credentials.token]
description = "The token"

[auth]
kind = "bearer"
secret = "token"

[ops.start]
method = "POST"
path = "/runs"
body = { command = "{{run.command}}" }
extract = { run = "id" }

[ops.get]
path = "/runs/{{ref.run}}"
extract = { state = "state" }

[dispatch]
steps = ["start"]
ref = ["run"]

[status]
steps = ["get"]
known = { state = ["on", "off"] }
rules = [
  { when = { state = ["on"] }, signal = "RUNNING" },
  { when = { state = ["off"] }, signal = "SUCCEEDED" },
]
"""


def faults(text: str) -> list[str]:
    with pytest.raises(ManifestInvalid) as caught:
        parse(text, "small.toml")
    for fault in caught.value.faults:
        assert str(fault) in caught.value.message
    return [str(fault) for fault in caught.value.faults]


def test_every_shipped_manifest_can_be_used() -> None:
    """And names the document it was written from, with the day."""
    manifests = load(SHIPPED)
    assert len(manifests) >= 9
    assert len(manifests) == len({manifest.id for manifest in manifests})
    for manifest in manifests:
        assert manifest.sources[0].read_on.year >= 2026
        check_settings(manifest, manifest.id)


def test_the_schema_for_editors_is_the_model() -> None:
    """`python -m adapters.rest` writes it."""
    assert schema() == json.loads(REFERENCE.read_text(encoding="utf-8"))


def test_all_faults_are_told_at_once_with_their_places() -> None:
    """Of the shape first."""
    told = faults(
        SMALL.replace('id = "small"', 'id = "Small One"\nunheard = 1')
        .replace("manifest_version = 1", "manifest_version = 2")
        .replace('method = "POST"', 'method = "BREW"')
        .replace('signal = "RUNNING"', 'signal = "WALKING"')
    )
    places = {each.partition(":")[0] for each in told}
    expected = {"id", "unheard", "manifest_version", "ops.start.method", "status.rules.0.signal"}
    assert expected == places


def test_a_number_that_json_cannot_say_is_a_fault() -> None:
    """And no error of ours."""
    [told] = faults(SMALL.replace("[ops.get]", "poll_s = 123456789012345678901\n\n[ops.get]"))
    assert "64-bit" in told


def test_a_number_in_quotes_is_no_number() -> None:
    """Nothing is guessed."""
    assert ["poll_s"] == [each.partition(":")[0] for each in faults('poll_s = "5"\n' + SMALL)]


MEMORY = "[ops.up]\npath = '/up'\n[lookup]\nop = 'get'\n[lookup.memory]\n"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('steps = ["get"]', 'steps = ["got"]', "status.steps: got is none of the ops"),
        ('ref = ["run"]', 'ref = ["job"]', "dispatch.ref: job is found by none of the steps"),
        ('secret = "token"', 'secret = "key"', "auth.secret: key is none of the credentials"),
        ("{{run.command}}", "{{secret.token}}", "ops.start: secret.token cannot stand here"),
        ("{{run.command}}", "{{config.nothing}}", "ops.start: config.nothing is no setting"),
        ("{{run.command}}", "{{run.nothing}}", "ops.start: run.nothing is nothing that a run has"),
        ("{{run.command}}", "{{run}}", "ops.start: has a place that is not like {{config.url}}"),
        ("{{run.command}}", "{{ref.run}}", "ops.start: ref.run is not known when this is asked"),
        ('"on", "off"', '"on", "off", "ill"', "status.rules: no rule is for state=ill"),
        ('config_required = ["url"]', 'config_required = ["uri"]', "uri is not in config"),
        ("[config.url]", "[config.token]\ntype = 'string'\n[config.url]", "is a credential"),
        ('extract = { state = "state" }', "", "state is found by none of the steps"),
        ('kind = "bearer"', 'kind = "header"', "auth.name: is needed for header"),
        ("{{config.url}}", "https://example.com", "allowed_hosts: names the host"),
        ("[status]", "[ops.idle]\npath = '/idle'\n[status]", "ops.idle: is never used"),
        ("[status]", "[logs]\nmode = 'items'\n[status]", "logs.line: is needed for items"),
        ("[status]", "[status]\nsame = { name = '{{run.id}}' }", "status.same: name is found by"),
        ("[status]", "[status]\nsame = { state = '{{ref.run}}' }", "ref.run cannot stand here"),
        ("[status]", MEMORY + "op = 'up'\nsince = 'at'\n[status]", "memory.since: at is not found"),
        ("[status]", MEMORY + "op = 'on'\nsince = 'at'\n[status]", "on is none of the ops"),
    ],
)
def test_parts_have_to_fit_together(old: str, new: str, told: str) -> None:
    """Each fault says where it is."""
    parse(SMALL, "small.toml")
    assert any(told in each for each in faults(SMALL.replace(old, new)))


def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    """As are files that cannot be read."""
    assert "line 2" in faults("a = 1\nb =\n")[0]
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ManifestInvalid, match=r"bytes\.toml"):
        load(tmp_path)


def test_a_setting_has_to_be_a_schema() -> None:
    """It is told where it is none."""
    manifest = parse(SMALL.replace('type = "string"', 'type = "text"\npattern = 5'), "small.toml")
    with pytest.raises(ManifestInvalid) as caught:
        check_settings(manifest, "small.toml")
    assert {"config.url.type", "config.url.pattern"} == {each.path for each in caught.value.faults}


def test_outputs_have_to_be_found_by_a_step() -> None:
    """A name that nothing is found for is a mistake, and told as one."""
    text = SMALL.replace("[status]", '[status]\noutputs = "result"')
    with pytest.raises(ManifestInvalid, match="result is found by none of the steps"):
        parse(text, "small.toml")
