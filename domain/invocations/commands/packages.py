"""Programs that get packages, and run what is in them."""

from collections.abc import Mapping
from typing import Final

from domain.invocations.commands.table import (
    OPAQUE,
    PACKAGE,
    READ,
    TOOL,
    VCS,
    WRITE,
    Table,
    table,
)

NODE_PACKAGES: Final = table(
    {
        TOOL: (
            "test|t|tst|run|run-script|start|stop|restart|lint|build|dev|check|format|typecheck"
        ),
        READ: (
            "ls|list|ll|why|explain|version|root|prefix|bin|config get|config list|query|licenses"
        ),
        VCS: "version *",
        PACKAGE: (
            "install|i|ci|add|uninstall|remove|rm|un|update|up|upgrade|publish|unpublish"
            "|audit|audit *|view|info|outdated|link|dedupe|prune|rebuild|pack|exec|x|dlx"
            "|create|init|fetch|login|dist-tag|import|set|self-update|cache|deploy"
            "|approve-builds|store|plugin|search|token|owner|patch"
        ),
    }
)

PACKAGES: Final[Mapping[str, Table]] = {
    "npm": NODE_PACKAGES,
    "pnpm": NODE_PACKAGES,
    "yarn": {**NODE_PACKAGES, "": PACKAGE, "version": VCS},
    "bun": {**NODE_PACKAGES, "pm ls": READ},
    "pip": table(
        {
            READ: ("list|freeze|show|check|help|inspect|debug|cache list"),
            PACKAGE: ("install|uninstall|download|wheel|index|search|cache|config|hash|lock"),
        }
    ),
    "uv": table(
        {
            READ: (
                "tree|version|help|pip list|pip freeze|pip show|pip check|pip tree|python list"
                "|cache dir|tool list"
            ),
            TOOL: "run|format",
            PACKAGE: (
                "sync|add|remove|lock|pip|pip *|tool|tool *|build|publish|export|python|python *"
                "|self|self *|init|x"
            ),
            WRITE: "venv|cache|cache *|version *",
        }
    ),
    "poetry": table(
        {
            READ: "show|check|version|env info|env list|about|config",
            TOOL: "run",
            WRITE: "version *",
            PACKAGE: (
                "install|add|remove|update|lock|publish|search|build|self|self *|sync|config *|new"
                "|init|env *|shell"
            ),
        }
    ),
    "go": table(
        {
            READ: "|list|version|env|doc|help|fmt -n|tool",
            TOOL: "build|test|vet|fmt|run|clean|fix",
            PACKAGE: "get|mod|mod *|install|work|work *|telemetry",
            OPAQUE: "generate|tool *|bug",
        }
    ),
    "cargo": table(
        {
            READ: ("|tree|metadata|help|version|pkgid|locate-project|verify-project|read-manifest"),
            TOOL: (
                "build|b|test|t|check|c|clippy|fmt|doc|d|bench|run|r|rustc|rustdoc|fix|nextest"
                "|expand|clean|report"
            ),
            PACKAGE: (
                "add|install|publish|update|remove|rm|uninstall|fetch|login|logout|owner|yank"
                "|search|vendor|generate-lockfile|init|new|package|audit|deny|outdated|info"
                "|upgrade"
            ),
        }
    ),
    "composer": table(
        {
            READ: ("validate|show|info|licenses|about|list|help|check-platform-reqs|depends|why"),
            TOOL: "run|run-script|test|dump-autoload|dumpautoload",
            PACKAGE: (
                "install|require|update|remove|create-project|global|self-update|archive|fund"
                "|audit|i|u|r|diagnose|outdated"
            ),
        }
    ),
    "bundle": table(
        {
            READ: "list|show|info|check|platform|help|version",
            TOOL: "exec",
            PACKAGE: (
                "|install|update|add|remove|lock|package|cache|init|clean|config|config *|pristine"
            ),
        }
    ),
    "dotnet": table(
        {
            READ: "|list",
            TOOL: "build|test|run|format|clean|publish|watch|msbuild|vstest",
            PACKAGE: (
                "add|add *|restore|remove|remove *|tool|tool *|nuget|nuget *|new|workload"
                "|workload *|pack"
            ),
        }
    ),
    "gem": table({READ: "list|info|environment|which|contents|help", PACKAGE: "*"}),
    "conda": table({READ: "list|info|env list", OPAQUE: "run|run *", PACKAGE: "*"}),
    "brew": table({READ: "list|config|leaves", PACKAGE: "*"}),
    "rustup": table({READ: "show|which", OPAQUE: "run|run *", PACKAGE: "*"}),
}
