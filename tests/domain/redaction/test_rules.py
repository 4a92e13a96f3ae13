"""Secrets that nobody told us of are known by their shape, and what looks similar is left alone."""

import base64
import json
import random
import re
import string

import pytest

from adapters.finding import AutomatonFinder
from domain.redaction.redactor import MASK, Redactor
from domain.redaction.rules import RULES

REDACTOR = Redactor([], AutomatonFinder)
ALNUM = string.ascii_letters + string.digits


def some(count: int, alphabet: str = ALNUM) -> str:
    """The same in every run; made here so that no scanner takes this file for a leak."""
    return "".join(random.Random(count).choices(alphabet, k=count))


def segment(**claims: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


LINES = [some(64, ALNUM + "+/") for _ in range(3)]
KEY = "\n".join(
    ["-----BEGIN RSA PRIVATE KEY-----", *LINES, "c2hvcnQ=", "-----END RSA PRIVATE KEY-----"]
)
TOKENS = {
    "AWS access key": "AKIA" + some(16, "ABCDEFGHIJ234567"),
    "GitHub token": "ghp_" + some(36),
    "GitHub fine-grained token": "github_pat_" + some(22) + "_" + some(59),
    "GitLab token": "glpat-" + some(20),
    "Slack token": "xoxb-" + some(12, string.digits) + "-" + some(24),
    "Stripe key": "sk_live_" + some(24),
    "Anthropic key": "sk-ant-api03-" + some(93),
    "OpenAI key": "sk-proj-" + some(48),
    "Google API key": "AIza" + some(35),
    "npm token": "npm_" + some(36),
    "PyPI token": "pypi-AgEIcHlwaS5vcmc" + some(60),
    "Hugging Face token": "hf_" + some(34, string.ascii_letters),
    "workbench token": "wb_" + some(43),
    "JSON web token": f"{segment(alg='HS256')}.{segment(sub='ada', name='x')}.{some(43)}",
}
FRAMED = {
    "AWS secret": ("aws_secret_access_key = ", some(40, ALNUM + "/+"), ""),
    "Slack webhook": ("https://hooks.slack.com/services/", f"T0/B0/{some(24)}", " ok"),
    "authorization header": ('"Authorization": "Basic ', some(24) + "==", '"'),
    "password in a URL": ("postgres://ada:", "pa55!word", "@db.example.org/x"),
}


def test_every_rule_has_an_example() -> None:
    """A rule that is added here is tested here."""
    named = {rule.name for rule in RULES}
    assert named == {"private key", *TOKENS, *FRAMED}


@pytest.mark.parametrize("name", TOKENS)
def test_tokens_are_masked(name: str) -> None:
    """At the end of a line, in quotes, behind an equals sign; not inside of a longer word."""
    token = TOKENS[name]
    assert f"token={MASK}" == REDACTOR.text(f"token={token}")
    assert f'"{MASK}", 1' == REDACTOR.text(f'"{token}", 1')
    assert rf"a\n{MASK}" == REDACTOR.text(rf"a\n{token}")
    assert f"a%3D{MASK}" == REDACTOR.text(f"a%3D{token}")
    assert f"x{token}" == REDACTOR.text(f"x{token}")


@pytest.mark.parametrize("name", FRAMED)
def test_what_stands_behind_a_name_is_masked(name: str) -> None:
    """And only that."""
    before, secret, after = FRAMED[name]
    assert before + MASK + after == REDACTOR.text(before + secret + after)


def test_lines_of_a_private_key_are_masked() -> None:
    """Its frame is told, and as many lines as it had."""
    first, *_, last = KEY.split("\n")
    assert [first, *[MASK] * 4, last, "on"] == REDACTOR.text(f"{KEY}\non").split("\n")


def test_private_key_in_one_line_is_masked() -> None:
    """As JSON has it, once or twice encoded."""
    for printed in (json.dumps(KEY), json.dumps(json.dumps(KEY))):
        masked = REDACTOR.text(printed)
        assert not any(line in masked for line in LINES)
        assert masked.endswith(printed[-20:])


def test_private_key_with_headers_is_masked() -> None:
    """As OpenSSL encrypts them."""
    headers = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n"
    first, _, rest = KEY.partition("\n")
    assert not any(line in REDACTOR.text(f"{first}\n{headers}{rest}") for line in LINES)


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PRIVATE KEY----- was found in\na file that nobody reads",
        "-----BEGIN CERTIFICATE-----\nMIIB" + some(60) + "\n-----END CERTIFICATE-----",
        "task-0123456789abcdef0123456789abcdef0123456789abcdef01",
        "risk-free disk-AAAAAAAAAAAAAAAAAAAAAAAA sk-learn sk-0123456789",
        "https://example.org:8443/a@b http://[::1]:80/ git@github.com:a/b.git",
        "postgres://ada:********@db/x",
        "Authorization required; authorization: none",
        "Basic authentication and Bearer tokens are explained below",
        "npm_config_cache npm_lifecycle_event hf_hub_download ghp_short wb_projects",
        "eyJ is how it begins, eyJhbGciOiJIUzI1NiJ9 is a header alone",
        "sha256:" + "0123456789abcdef" * 4,
    ],
)
def test_what_looks_similar_is_left_alone(text: str) -> None:
    """Masking what is no secret makes a log useless."""
    assert text == REDACTOR.text(text)


def test_shapes_begin_with_their_anchors() -> None:
    """A shape is tried where one of its anchors stands, and nowhere else."""
    printed = [KEY, *TOKENS.values(), *(a + b + c for a, b, c in FRAMED.values())]
    for rule in RULES:
        starts = [found.start() for text in printed if (found := rule.shape.search(text))]
        assert starts, rule.name
        anchors = re.compile("|".join(map(re.escape, rule.anchors)))
        assert any((f := rule.shape.search(t)) and anchors.match(t, f.start()) for t in printed)


@pytest.mark.parametrize(
    "text",
    [
        "eyJ-",
        "eyJabcdefghijk.",
        "ghp_",
        "sk-proj-",
        "://a:",
        "https://",
        "SessionToken=",
        "uthorization:token ",
        "\nAbc: -----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----" + "A" * 40 + " ",
        "xoxb-xoxe.",
    ],
)
def test_hostile_text_takes_no_longer_than_other_text(text: str) -> None:
    """What begins like a secret at every turn is tried once, not each time to its end: were that
    so, this would take minutes."""
    REDACTOR.mask(text * (2_000_000 // len(text)))
