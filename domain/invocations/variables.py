"""Variables of the environment that change what a program does, or which program it is."""

import re
from typing import Final

from domain.invocations.paths import Places, leads_out

HARMFUL: Final = re.compile(
    r"""
    LD_ | DYLD_ | BASH | GIT_ | PYTHON | PERL | RUBY | NODE_ | NPM_CONFIG_ | PIP_ | UV_ | CARGO
    | RUSTC | RUSTDOC | DOCKER_ | KUBE | AWS_ | GCONV | JAVA_ | _JAVA | JDK_ | MAKE | TERMINFO
    | XDG_ | LESS | LUA_ | PHP | TF_ | HOME$ | ENV$ | IFS$ | PS[0-4]$ | SHELL | PWD$ | OLDPWD$
    | CDPATH$ | PATH$ | SUDO_ | SSH_ | EXINIT$ | VIMINIT$ | PROMPT | POSIXLY_ | GLOBIGNORE$
    | INPUTRC$ | OPENSSL_ | NIX_ | GO(?:FLAGS|ROOT|ENV|TOOL|PROXY|INSECURE) | ZDOTDIR$
    | .*(?:PRELOAD|PAGER|EDITOR|VISUAL|BROWSER|ASKPASS|_RSH|_COMMAND|_WRAPPER|_OPTS|_OPTIONS
          |_PATH|_PROXY|_CONFIG|_LINKER|_RUNNER|OPEN|CLOSE)$
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
HARMLESS: Final = re.compile(
    r"""
    (?: PYTHON(?:UNBUFFERED|DONTWRITEBYTECODE|HASHSEED|UTF8|IOENCODING|FAULTHANDLER|DEVMODE)
      | NODE_ENV | CARGO_(?:TERM_COLOR|INCREMENTAL|BUILD_JOBS) | GIT_TERMINAL_PROMPT
      | GIT_(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL|DATE) | AWS_(?:REGION|DEFAULT_REGION|PROFILE)
      | LESSCHARSET | SHELLCHECK_COLOR
    )=.*
    | NODE_OPTIONS=--max-old-space-size=\d+
    | RUSTFLAGS=.*
    | GOFLAGS=-mod=\w+
    """,
    re.VERBOSE | re.ASCII | re.DOTALL,
)
SEARCHED: Final = frozenset({"PYTHONPATH", "NODE_PATH", "GOPATH"})
"""Lists of folders to load code from: no worse than a script, as long as they are inside."""
NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def is_harmful(name: str, value: str, places: Places) -> bool:
    """Whether to set this decides about more than the program's own work."""
    if not NAME.fullmatch(name):
        return True
    if name in SEARCHED:
        return any(leads_out(folder or ".", places) for folder in value.split(":"))
    if HARMLESS.fullmatch(f"{name}={value}"):
        return False
    return HARMFUL.match(name) is not None
