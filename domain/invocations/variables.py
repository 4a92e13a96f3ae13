"""Variables of the environment that change what a program does, or which program it is."""

import re
from typing import Final

from domain.invocations.paths import Places, leads_out

HARMFUL: Final = re.compile(
    r"""
    LD_ | DYLD_ | BASH | GIT_ | PYTHON | PYTEST_ | PERL | RUBY | GEM_ | BUNDLE_ | NODE_ | NPM_
    | PNPM_ | YARN_ | BUN_ | DENO_ | TS_NODE | PIP_ | UV_ | TOX_ | POETRY_ | HATCH_ | COVERAGE_
    | CARGO | RUST | DOCKER_ | COMPOSE_ | KUBE | HELM_ | AWS_ | GCONV | JAVA | _JAVA | JDK_ | MAVEN_
    | GRADLE_ | KOTLIN | SBT_ | MAKE | CMAKE_ | CTEST_ | MESON | NINJA | CCACHE | GCC_ | COLLECT_
    | DOTNET_ | CORECLR_ | COR_ | MSBUILD | NUGET_ | ERL_ | ELIXIR_ | MIX_ | PHP | COMPOSER_
    | CYPRESS_ | PUPPETEER_ | PLAYWRIGHT_ | TERMINFO | XDG_ | LESS | LUA_ | TF_ | HOME$ | ENV$
    | IFS$ | PS[0-4]$ | SHELL | PWD$ | OLDPWD$ | CDPATH$ | PATH$ | MANPATH$ | SUDO_ | SSH_
    | EXINIT$ | VIMINIT$ | PROMPT | POSIXLY_ | GLOBIGNORE$ | INPUTRC$ | OPENSSL_ | NIX_ | ZDOTDIR$
    | ANSIBLE_ | GO(?:FLAGS|ROOT|ENV|TOOL|PROXY|INSECURE|BIN|CACHE|PRIVATE|NOSUMDB|SUMDB|AUTH|VCS)
    | CGO_ | CXX_ | CPATH$ | C_INCLUDE | SASS_ | FZF_ | GPG | CURL_ | WGET
    | (?:CC|CXX|CPP|LD|AR|AS|NM|FC|F77|YACC|LEX|RANLIB|STRIP|OBJCOPY|PKG_CONFIG|RM|INSTALL|PYTHON
         |NODE|GO|SED|AWK|GREP|TAR|CP|MV)$
    | .*(?:PRELOAD|PAGER|EDITOR|VISUAL|BROWSER|ASKPASS|_RSH|_COMMAND|_CMD|_WRAPPER|_OPTS|_OPTIONS
          |_PATH|_PROXY|_CONFIG|_LINKER|_RUNNER|_COMPILER|_LAUNCHER|_PROGRAM|_EXE|_EXECUTABLE|_BIN
          |_BINARY|_PLUGINS?|_HOOKS?|_HOME|FLAGS|ADDOPTS|_ARGS|OPEN|CLOSE)$
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
HARMLESS: Final = re.compile(
    r"""
    (?: PYTHON(?:UNBUFFERED|DONTWRITEBYTECODE|HASHSEED|UTF8|IOENCODING|FAULTHANDLER|DEVMODE)
      | NODE_ENV | MIX_ENV | CARGO_(?:TERM_COLOR|INCREMENTAL|BUILD_JOBS) | GIT_TERMINAL_PROMPT
      | GIT_(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL|DATE) | AWS_(?:REGION|DEFAULT_REGION|PROFILE)
      | LESSCHARSET | SHELLCHECK_COLOR | RUST_(?:BACKTRACE|LOG) | RUSTUP_TOOLCHAIN
      | CTEST_(?:OUTPUT_ON_FAILURE|PARALLEL_LEVEL) | CMAKE_BUILD_(?:TYPE|PARALLEL_LEVEL)
      | CGO_ENABLED | DOTNET_(?:NOLOGO|CLI_TELEMETRY_OPTOUT) | NPM_CONFIG_(?:LOGLEVEL|COLOR)
      | PYTEST_XDIST_AUTO_NUM_WORKERS | UV_(?:FROZEN|OFFLINE|NO_SYNC)
    )=[^/]*
    | GIT_(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL|DATE)=.*
    | NODE_OPTIONS=--max-old-space-size=\d+
    | RUSTFLAGS=(?:-[DAW]\ *[\w:-]+\ ?|-C\ ?(?:target-cpu|debuginfo|opt-level)=[\w-]+\ ?)*
    | (?:C|CXX|CPP|LD)FLAGS=(?:-(?:O\w|g\d?|W(?!l|p|a)[\w=-]+|std=[\w+]+
        |f(?:sanitize|PIC)[\w=]*)\ ?)*
    | (?:CC|CXX)=(?:gcc|g\+\+|clang|clang\+\+|cc|c\+\+)(?:-\d+)?
    | PYTEST_ADDOPTS=(?:-[qvxsl]+\ ?)*
    | GOFLAGS=-mod=\w+
    """,
    re.VERBOSE | re.ASCII | re.DOTALL,
)
SEARCHED: Final = frozenset({"PYTHONPATH", "NODE_PATH", "GOPATH", "TMPDIR", "TMP", "TEMP"})
"""Folders to load code from or to write to: no worse than a script, as long as they are inside."""
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
