"""Developer's tools whose first words say what they do. What is in no row is not known."""

from collections.abc import Mapping
from typing import Final

from domain.invocations.commands.table import (
    DESTROY,
    NET,
    OPAQUE,
    PACKAGE,
    READ,
    TOOL,
    UNKNOWN,
    WRITE,
    Table,
    table,
)

PYTHON: Final[Mapping[str, Table]] = {
    "alembic": table(
        {
            READ: "history|current|heads|branches|show|check|list_templates",
            DESTROY: "upgrade|downgrade|stamp",
            WRITE: "*",
        }
    ),
    "django-admin": table(
        {
            TOOL: (
                "check|test|help|version|showmigrations|diffsettings|makemigrations|runserver"
                "|sqlmigrate|findstatic"
            ),
            NET: "runserver *",
            OPAQUE: "shell|dbshell",
        }
    ),
    "pre-commit": table(
        {TOOL: "|run|validate-config|validate-manifest|sample-config", PACKAGE: "*"}
    ),
    "ruff": table({TOOL: "check|format|rule|linter|config|version|clean"}),
    "coverage": table(
        {TOOL: "run|report|html|xml|json|lcov|annotate|combine|erase|debug|debug *|help"}
    ),
    "mkdocs": table({TOOL: "build|serve", NET: "gh-deploy", WRITE: "new"}),
    "tox": table({TOOL: "|run|r|run-parallel|p|list|l|depends|de|config|c|exec|e"}),
    "hatch": table(
        {
            TOOL: "run|test|build|fmt|version|status|clean|dep show|project metadata",
            WRITE: "version *|new|config *",
            PACKAGE: "publish|env *|python *|self *|shell",
        }
    ),
}

NODE: Final[Mapping[str, Table]] = {
    "lerna": table({TOOL: "run|list|ls|changed|diff|info", PACKAGE: "*"}),
    "nx": table(
        {TOOL: "run|test|build|lint|affected|run-many|graph|e2e|serve|show|format", UNKNOWN: "*"}
    ),
    "ng": table(
        {
            TOOL: "build|test|lint|version|e2e|extract-i18n|serve",
            WRITE: "generate|g",
            PACKAGE: "add|update|new|config|deploy",
        }
    ),
    "playwright": table(
        {
            TOOL: "test|show-report|merge-reports|show-trace",
            PACKAGE: "install|install-deps|uninstall",
            NET: "*",
        }
    ),
    "cypress": table({TOOL: "run|verify|info|version", PACKAGE: "*"}),
    "next": table({TOOL: "build|lint|info", NET: "|dev|start"}),
    "nuxt": table(
        {TOOL: "build|dev|typecheck|prepare|generate|info", PACKAGE: "add|upgrade|module|init"}
    ),
    "astro": table({TOOL: "build|check|sync|info|dev|preview", PACKAGE: "add", NET: "telemetry"}),
    "storybook": table(
        {TOOL: "build", PACKAGE: "add|upgrade|init|automigrate|sandbox|migrate", NET: "dev|publish"}
    ),
    "parcel": table({TOOL: "build", NET: "*"}),
    "vitest": table({PACKAGE: "init", TOOL: "*"}),
    "webpack": table({TOOL: "|build|b|bundle|watch|w|serve|server|s|info|configtest|version|help"}),
    "turbo": table(
        {
            PACKAGE: "gen|generate|g|prune|bin|scan",
            NET: "login|link|logout|unlink|telemetry|daemon|devtools|query|docs",
            TOOL: "*",
        }
    ),
    "biome": table({TOOL: "check|lint|format|ci|version|explain", WRITE: "init|migrate"}),
    "rush": table(
        {
            TOOL: "build|rebuild|test|lint|check|list",
            PACKAGE: "install|update|add|remove|publish|version|upgrade-interactive|deploy",
        }
    ),
    "swc": table({WRITE: "plugin", TOOL: "*"}),
    "deno": table({TOOL: "test|fmt|lint|check|bench|info|doc|types", OPAQUE: "*"}),
}

BUILDS: Final[Mapping[str, Table]] = {
    "sbt": table({TOOL: "test|compile|run|clean|package|doc|update", OPAQUE: "*"}),
    "buf": table({NET: "*"}),
    "mvn": table(
        {
            TOOL: "clean|validate|compile|test-compile|test|package|verify|integration-test"
            "|process-resources|site|dependency:tree|dependency:list|help:effective-pom",
            PACKAGE: "deploy|install",
        }
    ),
    "gradle": table(
        {
            TOOL: (
                "|build|test|check|assemble|clean|classes|testClasses|compileJava|compileKotlin"
                "|compileTestJava|compileTestKotlin|compileDebugKotlin|processResources|jar|bootJar"
                "|war|javadoc|dokkaHtml|tasks|projects|dependencies|dependencyInsight"
                "|help|lint|lintDebug|ktlintCheck|ktlintFormat|detekt|spotlessCheck|spotlessApply"
                "|checkstyleMain|checkstyleTest|pmdMain|spotbugsMain|jacocoTestReport|installDist"
                "|assembleDebug|assembleRelease|testDebugUnitTest|integrationTest|run|bootRun"
                "|buildDependents|buildNeeded|components|outgoingVariants|buildEnvironment|apiCheck"
            ),
            PACKAGE: "publish|publishToMavenLocal|uploadArchives|wrapper",
        }
    ),
    "make": table({WRITE: "install|install-strip|uninstall", TOOL: "*"}),
    "cmake": table({TOOL: "*"}),
    "ninja": table({WRITE: "install|uninstall|install/strip|install/local", TOOL: "*"}),
    "meson": table(
        {
            TOOL: "setup|compile|test|introspect|configure",
            WRITE: "install|init|dist|wrap|subprojects|rewrite",
            OPAQUE: "devenv|env2mfile|runpython|exe",
        }
    ),
    "just": table({TOOL: "*"}),
    "task": table({TOOL: "*"}),
    "rake": table(
        {
            PACKAGE: "release|install",
            TOOL: (
                "|default|test|spec|features|cucumber|rubocop|lint|standard|yard|rdoc|doc|docs"
                "|check|ci|compile|build|routes|stats|notes|about|assets:precompile|test:all"
                "|test:units|test:models|test:system|test:integration|spec:models|spec:requests"
            ),
            DESTROY: "db:drop|db:reset|db:drop:all|db:purge|db:truncate_all|db:migrate:reset",
        }
    ),
    "dune": table(
        {
            TOOL: "build|runtest|test|fmt|clean|describe|show|exec",
            OPAQUE: "utop|ocaml|ocaml-merlin|top|toplevel",
            PACKAGE: "pkg|install|uninstall|cache|upgrade|init",
        }
    ),
    "golangci-lint": table({TOOL: "run|fmt|linters|version|config|help"}),
    "gopls": table({TOOL: "check|format|version|symbols|references|definition"}),
}

LANGUAGES: Final[Mapping[str, Table]] = {
    "swift": table({PACKAGE: "package", TOOL: "build|test|run|format", OPAQUE: "*"}),
    "mix": table(
        {
            TOOL: (
                "|test|compile|format|credo|dialyzer|deps|deps.tree|deps.compile|help|xref|docs"
                "|phx.routes|phx.server|clean|run|assets.build|sobelow|coveralls"
            ),
            DESTROY: "ecto.drop|ecto.reset|ecto.rollback",
            OPAQUE: "cmd|do|eval",
            PACKAGE: (
                "deps.get|deps.update|deps.unlock|deps.clean|hex.publish|archive.install|local.hex"
                "|escript.install|phx.new|archive|local.rebar"
            ),
        }
    ),
    "stack": table(
        {
            TOOL: "build|test|bench|haddock|clean|path|ls|list|query|ide|dot",
            PACKAGE: "install|upload|update|setup|upgrade|unpack|new|init|templates",
            OPAQUE: "exec|runghc|runhaskell|ghci|repl|eval|script|ghc|docker|nix",
        }
    ),
    "cabal": table(
        {
            TOOL: "build|test|bench|haddock|check|clean|run|list-bin|path|format|info",
            PACKAGE: (
                "install|update|upload|get|unpack|fetch|freeze|init|configure|sdist|report"
                "|v2-install|new-install|v1-install|v2-update|new-update"
            ),
            OPAQUE: "exec|repl|v2-exec|new-exec|v1-exec|v2-repl|new-repl|v1-repl",
        }
    ),
    "zig": table(
        {
            TOOL: (
                "build|test|build-exe|build-lib|build-obj|ast-check|fmt|version|env|targets|zen"
                "|libc"
            ),
            PACKAGE: "fetch|init",
        }
    ),
    "bat": table({WRITE: "cache", READ: "*"}),
    "batcat": table({WRITE: "cache", READ: "*"}),
}

TOOLS: Final[Mapping[str, Table]] = {**PYTHON, **NODE, **BUILDS, **LANGUAGES}
