"""Secrets that nobody told us of, known by their shape: rules as data."""

import re
from dataclasses import dataclass
from typing import Final

OPEN_KEY: Final = "-----BEGIN PRIVATE KEY-----\n"
"""What stands before a line, for the rule of private keys, where a key has begun."""
OPEN_BODY: Final = OPEN_KEY + "A" * 64 + "\n"
"""The same where lines of it have been seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`anchors` are the texts that `shape` begins with; what its group `secret` holds is masked."""

    name: str
    anchors: tuple[str, ...]
    shape: re.Pattern[str]


def _rule(name: str, anchors: str, shape: str) -> Rule:
    return Rule(name=name, anchors=tuple(anchors.split()), shape=re.compile(shape, re.VERBOSE))


_BEGINS: Final = r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))"
"""Where no word goes on, or behind an escape. It also keeps the time linear: of a long run of such
characters only its beginning is tried."""


def _token(name: str, anchors: str, shape: str) -> Rule:
    """Masked whole, and only where it is no part of a longer word."""
    return _rule(name, anchors, rf"{_BEGINS}(?P<secret>{shape})")


PRIVATE_KEY: Final = _rule(
    "private key",
    "-----BEGIN",
    r"""-----BEGIN[ ][A-Z0-9 ]{0,32}PRIVATE[ ]KEY(?:[ ]BLOCK)?-----
    (?:(?:\s|\\+[rnt]|["',])*+ [A-Za-z][A-Za-z-]{2,30}:[ ][^\n\\]{1,128}+){0,8}+
    (?:\s|\\+[rnt]|["',])*+
    (?P<secret>(?P<lines>(?:[A-Za-z0-9+/]{40,}+={0,2}+(?:\s|\\+[rnt]|["',])++)*+)
    (?P<last>[A-Za-z0-9+/]*+={0,2}+))""",
)
LAST_LINE_MIN: Final = 40
"""A shorter line ends a key, and is part of it only behind a longer one."""

RULES: Final = (
    PRIVATE_KEY,
    _token("AWS access key", "AKIA ASIA", r"A[KS]IA[A-Z2-7]{16}(?![A-Za-z0-9])"),
    _rule(
        "AWS secret",
        "aws_secret_access_key AWS_SECRET_ACCESS_KEY SecretAccessKey "
        "aws_session_token AWS_SESSION_TOKEN SessionToken",
        r"""(?<![A-Za-z0-9/+=])[A-Za-z_]{12,22}["'\\]{0,4}\s{0,3}[:=]\s{0,3}["'\\]{0,4}
        (?P<secret>[A-Za-z0-9/+=]{40,2048})""",
    ),
    _token("GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,255}"),
    _token("GitHub fine-grained token", "github_pat_", r"github_pat_[A-Za-z0-9_]{22,255}"),
    _token(
        "GitLab token",
        "glpat- gldt- glrt- glptt- glcbt- gloas- glagent- glsoat-",
        r"gl[a-z]{2,5}-[A-Za-z0-9_-]{20,255}(?:\.[a-z0-9.]{2,32})?",
    ),
    _token(
        "Slack token",
        "xoxa- xoxb- xoxp- xoxr- xoxs- xoxe. xapp-",
        r"x[a-z]{3}[.-](?:xox[a-z]-)?[A-Za-z0-9-]{10,255}",
    ),
    _rule(
        "Slack webhook",
        "hooks.slack.com/",
        r"hooks\.slack\.com/(?:services|workflows)/(?P<secret>[A-Za-z0-9/_-]{20,255})",
    ),
    _token(
        "Stripe key",
        "sk_live_ sk_test_ rk_live_ rk_test_ whsec_",
        r"(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9+/=]{16,255}",
    ),
    _token("Anthropic key", "sk-ant-", r"sk-ant-[A-Za-z0-9_-]{20,255}"),
    _token(
        "OpenAI key",
        "sk-",
        r"sk-(?:(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,255}"
        r"|[A-Za-z0-9_-]{16,128}T3BlbkFJ[A-Za-z0-9_-]{16,128}|[A-Za-z0-9]{48}(?![A-Za-z0-9]))",
    ),
    _token("Google API key", "AIza", r"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    _token("npm token", "npm_", r"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])"),
    _token("PyPI token", "pypi-AgE", r"pypi-AgE[A-Za-z0-9_-]{50,1024}"),
    _token("Hugging Face token", "hf_", r"hf_[A-Za-z]{34}(?![A-Za-z0-9])"),
    _token("workbench token", "wb_", r"wb_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])"),
    _token(
        "JSON web token",
        "eyJ",
        r"eyJ[A-Za-z0-9_-]{8,2048}+\.[A-Za-z0-9_-]{8,3072}+\.[A-Za-z0-9_-]{16,1024}",
    ),
    _rule(
        "authorization header",
        "uthorization UTHORIZATION",
        r"""(?i:uthorization)["'\\]{0,4}\s{0,3}[:=]\s{0,3}["'\\]{0,4}
        (?i:bearer|basic|token)\s{1,3}(?P<secret>[A-Za-z0-9._~+/=-]{6,4096})""",
    ),
    _rule(
        "password in a URL",
        "://",
        r"""://[^\s/:@?\#"'<>\\]{0,255}+:(?!\*{8}@)(?P<secret>[^\s/@?\#"'<>\\]{1,255}+)@[A-Za-z0-9\[]""",
    ),
)
