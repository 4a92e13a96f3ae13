"""Each provider that comes with the workbench has a page, which says what it wants."""

import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from adapters.catalogue import catalogue
from adapters.clock import SystemClock
from adapters.http.outbound import Outbound
from adapters.local.adapter import LocalAdapter
from adapters.rest.provider import RestProvider
from domain.ports import Provider
from tests.docs.snippets import ROOT

PAGES: Final = ROOT / "docs" / "reference" / "providers"
ROW: Final = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \|", re.MULTILINE)
CLOCK: Final = SystemClock()
with TemporaryDirectory() as folder:  # it writes into it when it is made, and never again here
    LOCAL: Final = LocalAdapter(Path(folder) / "spool", clock=CLOCK, host_environ=os.environ)
PROVIDERS: Final = catalogue(Outbound(clock=CLOCK), [LOCAL])


def text_of(provider: Provider) -> str:
    path = PAGES / f"{provider.key.replace('_', '-')}.md"
    return path.read_text(encoding="utf-8")


def part(text: str, title: str) -> str:
    return text.partition(f"## {title}")[2].partition("\n## ")[0]


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.key)
def test_a_page_names_what_can_be_set(provider: Provider) -> None:
    """Every setting, every credential, and nothing else."""
    rows = ROW.findall(part(text_of(provider), "Config"))
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    settings = set(provider.config_schema["properties"]) if provider.key != LOCAL.key else set()

    assert settings | {each.name for each in provider.credentials} == named


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.key)
def test_a_page_says_what_was_tested_how(provider: Provider) -> None:
    """And leads to the score card."""
    tested = part(text_of(provider), "What was tested how")

    assert "../conformance.md#adapters" in tested
    assert "`tests/" in tested


MANIFESTS: Final = [provider for provider in PROVIDERS if isinstance(provider, RestProvider)]


@pytest.mark.parametrize("provider", MANIFESTS, ids=lambda provider: provider.key)
def test_a_page_names_what_a_manifest_was_written_from(provider: RestProvider) -> None:
    """Each document with its day; and each word of the platform with what it means."""
    text = " ".join(text_of(provider).split())
    manifest = provider.manifest
    words = {word for rule in manifest.status.rules for fits in rule.when.values() for word in fits}

    assert [] == [each for each in manifest.sources if f"({each.url})" not in text]
    assert [] == [each for each in manifest.sources if f"as read on {each.read_on}" not in text]
    assert set() == {word for word in words if word != "(none)" and f"`{word}`" not in text}
