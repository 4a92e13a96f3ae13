"""What the subcommands of a program do, where they differ."""

from collections.abc import Mapping
from typing import Final

from domain.models.invocations import CommandClass

Table = Mapping[str, CommandClass]


def _table(rows: Mapping[CommandClass, str]) -> Table:
    """`add|remote add`: one or two words. `x *` is x with anything more, `` is none, `*` any."""
    return {
        name.strip(): command_class
        for command_class, names in rows.items()
        for name in names.split("|")
    }


READ: Final = CommandClass.READ_ONLY
TOOL: Final = CommandClass.DEV_TOOL
VCS: Final = CommandClass.VCS_WRITE
NET: Final = CommandClass.NETWORK
PACKAGE: Final = CommandClass.PACKAGE
WRITE: Final = CommandClass.FILE_WRITE
DESTROY: Final = CommandClass.DESTRUCTIVE
ROOT: Final = CommandClass.PRIVILEGED
FORBID: Final = CommandClass.FORBIDDEN
OPAQUE: Final = CommandClass.OPAQUE
UNKNOWN: Final = CommandClass.UNKNOWN

NODE_PACKAGES: Final = _table(
    {
        TOOL: (
            "test|t|tst|run|run-script|start|stop|restart|lint|build|dev|check|format|typecheck"
        ),
        READ: (
            "ls|list|ll|why|explain|version|help|root|prefix|bin|config get|config list|query"
            "|licenses"
        ),
        PACKAGE: (
            "install|i|ci|add|uninstall|remove|rm|un|update|up|upgrade|publish|unpublish"
            "|audit|audit *|view|info|outdated|link|dedupe|prune|rebuild|pack|exec|x|dlx"
            "|create|init|fetch|login|dist-tag|import|set|self-update|cache|deploy"
            "|approve-builds|store|plugin|search|token|owner|patch"
        ),
    }
)

SUBCOMMANDS: Final[Mapping[str, Table]] = {
    "git": _table(
        {
            READ: (
                "|config|status|diff|log|show|blame|annotate|branch|tag|remote|remote get-url"
                "|remote show|stash list|stash show|rev-parse|rev-list|ls-files|ls-tree|describe"
                "|grep|config get|config list|merge-base|reflog|reflog show|reflog exists"
                "|shortlog|cat-file|worktree list|submodule|submodule status|submodule summary"
                "|check-ignore|check-attr|check-mailmap|check-ref-format|help|version|bisect log"
                "|bisect view|range-diff|for-each-ref|cherry|diff-tree|diff-index|diff-files"
                "|name-rev|var|count-objects|show-ref|show-branch|whatchanged|verify-commit"
                "|verify-tag|fsck|notes list|notes show|lfs ls-files|lfs status|merge-tree"
                "|patch-id|symbolic-ref HEAD|sparse-checkout list|bundle verify|column|stripspace"
            ),
            VCS: (
                "add|commit|push|checkout|switch|restore|merge|rebase|cherry-pick|revert|reset"
                "|stash|stash *|branch *|tag *|remote *|rm|mv|init|config *|worktree|worktree *"
                "|am|bisect|bisect *|gc|notes|notes *|update-index|update-ref|symbolic-ref"
                "|submodule init|submodule deinit|maintenance|repack|prune|pack-refs|replace"
                "|sparse-checkout|read-tree|write-tree|commit-tree|hash-object|mktag|mktree"
                "|rerere|lfs|lfs *|merge-file"
            ),
            WRITE: "apply|archive|bundle|format-patch|checkout-index|fast-export",
            NET: (
                "fetch|pull|clone|ls-remote|submodule update|submodule add|submodule sync"
                "|remote update|remote prune|lfs pull|lfs push|lfs fetch|svn|request-pull"
            ),
            DESTROY: (
                "clean|stash drop|stash clear|reflog expire|reflog delete|filter-repo|fast-import"
                "|worktree remove|worktree prune"
            ),
            OPAQUE: (
                "filter-branch|difftool|mergetool|hook|hook *|instaweb|daemon|send-email"
                "|credential|credential *|submodule foreach|bisect run|gui|citool|gitk"
                "|upload-pack|receive-pack|shell|http-backend|config edit|remote-ext|remote-fd"
                "|imap-send|p4"
            ),
        }
    ),
    "npm": NODE_PACKAGES,
    "pnpm": NODE_PACKAGES,
    "yarn": {**NODE_PACKAGES, "": PACKAGE},
    "bun": {**NODE_PACKAGES, "pm ls": READ},
    "pip": _table(
        {
            READ: ("list|freeze|show|check|help|inspect|debug|cache list|config list|config get"),
            PACKAGE: ("install|uninstall|download|wheel|index|search|cache|config|hash|lock"),
        }
    ),
    "uv": _table(
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
            WRITE: "venv|cache|cache *",
        }
    ),
    "poetry": _table(
        {
            READ: "show|check|version|env info|env list|about|search|config",
            TOOL: "run",
            PACKAGE: (
                "install|add|remove|update|lock|publish|build|self|self *|sync|config *|new|init"
                "|env *|shell"
            ),
        }
    ),
    "go": _table(
        {
            READ: "|list|version|env|doc|help|fmt -n|tool",
            TOOL: "build|test|vet|fmt|run|clean|fix",
            PACKAGE: "get|mod|mod *|install|work|work *|telemetry",
            OPAQUE: "generate|tool *|bug",
        }
    ),
    "cargo": _table(
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
    "composer": _table(
        {
            READ: (
                "validate|show|info|licenses|diagnose|about|list|help|check-platform-reqs|depends"
                "|why|outdated"
            ),
            TOOL: "run|run-script|test|dump-autoload|dumpautoload",
            PACKAGE: (
                "install|require|update|remove|create-project|global|self-update|archive|fund"
                "|audit|i|u|r"
            ),
        }
    ),
    "bundle": _table(
        {
            READ: "list|show|info|check|outdated|platform|help|version",
            TOOL: "exec",
            PACKAGE: (
                "|install|update|add|remove|lock|package|cache|init|clean|config|config *|pristine"
            ),
        }
    ),
    "dotnet": _table(
        {
            READ: "|list|help",
            TOOL: "build|test|run|format|clean|publish|watch|msbuild|vstest",
            PACKAGE: (
                "add|add *|restore|remove|remove *|tool|tool *|nuget|nuget *|new|workload"
                "|workload *|pack"
            ),
        }
    ),
    "gem": _table({READ: "list|info|environment|which|contents|help", PACKAGE: "*"}),
    "conda": _table({READ: "list|info|env list", OPAQUE: "run|run *", PACKAGE: "*"}),
    "brew": _table({READ: "list|info|config|doctor|deps|leaves", PACKAGE: "*"}),
    "rustup": _table({READ: "show|which|check", OPAQUE: "run|run *", PACKAGE: "*"}),
    "alembic": _table(
        {
            READ: "history|current|heads|branches|show|check|list_templates",
            DESTROY: "upgrade|downgrade|stamp",
            WRITE: "*",
        }
    ),
    "django-admin": _table(
        {TOOL: "check|test|help|version|showmigrations|diffsettings", OPAQUE: "shell|dbshell"}
    ),
    "pre-commit": _table(
        {TOOL: "|run|validate-config|validate-manifest|sample-config|clean|gc", PACKAGE: "*"}
    ),
    "lerna": _table({TOOL: "run|list|ls|changed|diff|info", PACKAGE: "*"}),
    "nx": _table(
        {TOOL: "run|test|build|lint|affected|run-many|graph|e2e|serve|show|format", UNKNOWN: "*"}
    ),
    "ng": _table({PACKAGE: "add|update|new|config|deploy", TOOL: "*"}),
    "playwright": _table(
        {
            TOOL: "test|show-report|merge-reports|show-trace",
            PACKAGE: "install|install-deps|uninstall",
            NET: "*",
        }
    ),
    "cypress": _table({TOOL: "run|verify|info|version", PACKAGE: "*"}),
    "sbt": _table({TOOL: "test|compile|run|clean|package|doc|update", OPAQUE: "*"}),
    "buf": _table({TOOL: "lint|build|format|breaking", NET: "*"}),
    "terraform": _table(
        {
            READ: "fmt|validate|version|graph|providers|output|console -h",
            NET: ("init|plan|get|refresh|show|state list|state show|workspace|workspace *|login"),
            DESTROY: ("apply|destroy|import|taint|untaint|state *|force-unlock|console"),
        }
    ),
    "helm": _table(
        {
            READ: "lint|template|version|help|show",
            NET: "*",
            DESTROY: "uninstall|delete|rollback",
        }
    ),
    "kubectl": _table(
        {
            READ: (
                "version|config view|config current-context|config get-contexts|kustomize|explain"
                "|help|options"
            ),
            DESTROY: "delete|drain|replace|scale|cordon|taint|rollout undo",
            OPAQUE: "exec|cp|attach|debug|run|port-forward|proxy|plugin|plugin *",
            NET: "*",
        }
    ),
    "docker": _table(
        {
            READ: (
                "ps|images|logs|inspect|version|info|stats|top|history|port|diff|compose ps"
                "|compose logs|compose config|compose images|compose top|compose version"
                "|compose ls|image ls|image inspect|image history|container ls|container logs"
                "|container inspect|volume ls|volume inspect|network ls|network inspect"
                "|context ls|context show|system df|system info|buildx ls|help|events|search"
            ),
            NET: (
                "pull|push|build|login|logout|compose up|compose pull|compose build|compose push"
                "|compose start|compose stop|compose restart|compose watch|image pull|image push"
                "|image build|buildx build|start|stop|restart|wait|tag|compose create|create"
                "|volume create|network create|network connect|pause|unpause|image tag|rename"
            ),
            DESTROY: (
                "rm|rmi|kill|system prune|container rm|container prune|image rm|image prune"
                "|volume rm|volume prune|network rm|network prune|compose down|compose rm"
                "|compose kill|builder prune|buildx prune"
            ),
            UNKNOWN: (
                "run|container run|compose run|exec|container exec|compose exec|attach|cp"
                "|container cp|commit|export|import|load|save|*"
            ),
        }
    ),
    "systemctl": _table(
        {
            READ: (
                "|status|is-active|is-enabled|is-failed|list-units|list-unit-files|show|cat"
                "|list-timers|list-sockets"
            ),
            FORBID: (
                "poweroff|reboot|halt|kexec|soft-reboot|emergency|rescue|suspend|hibernate"
                "|start poweroff.target|start reboot.target|isolate poweroff.target"
                "|isolate reboot.target|isolate rescue.target|exit"
            ),
            ROOT: "*",
        }
    ),
    "loginctl": _table(
        {
            READ: "|list-sessions|show-session|user-status",
            FORBID: "poweroff|reboot|halt|suspend",
            ROOT: "*",
        }
    ),
    "init": _table({FORBID: "0|1|6|s|S", ROOT: "*"}),
    "telinit": _table({FORBID: "*"}),
    "service": _table({READ: "--status-all", ROOT: "*"}),
    "ip": _table(
        {
            READ: (
                "|addr|address|a|link|l|route|r|rule|neigh|addr show|address show|a show"
                "|link show|route show|route list|route get|rule show|neigh show|addr list"
                "|link list|-br a"
            ),
            ROOT: "addr *|address *|a *|link *|l *|route *|r *|rule *|neigh *|*",
        }
    ),
    "hostname": _table({READ: "", ROOT: "*"}),
    "sysctl": _table({READ: "*"}),
    "crontab": _table({READ: "-l", WRITE: "*"}),
    "openssl": _table(
        {READ: "version|x509|dgst|rand|help", NET: "s_client|s_server|s_time|ocsp", WRITE: "*"}
    ),
    "php artisan": _table({TOOL: "test|route:list|about", UNKNOWN: "*"}),
    "gh": _table(
        {
            READ: "version|help|completion",
            DESTROY: "repo delete|release delete|secret delete",
            NET: "*",
        }
    ),
    "aws": _table({DESTROY: "s3 rm|s3 rb|s3 sync|s3 mv", READ: "help|--version", NET: "*"}),
    "mvn": _table(
        {
            TOOL: "clean|validate|compile|test-compile|test|package|verify|integration-test"
            "|process-resources|site|dependency:tree|dependency:list|help:effective-pom",
            PACKAGE: "deploy|install",
        }
    ),
    "gradle": _table({PACKAGE: "publish|publishToMavenLocal|uploadArchives|wrapper", TOOL: "*"}),
    "make": _table({WRITE: "install|install-strip|uninstall", TOOL: "*"}),
    "ninja": _table({WRITE: "install|uninstall", TOOL: "*"}),
    "meson": _table({WRITE: "install", TOOL: "*"}),
    "swift": _table({PACKAGE: "package", TOOL: "build|test|run|format", OPAQUE: "*"}),
    "mix": _table(
        {
            OPAQUE: "cmd|do|eval|cmd *|do *|eval *",
            PACKAGE: (
                "deps.get|deps.update|hex.publish|archive.install|local.hex|hex.publish *"
                "|escript.install"
            ),
            TOOL: "*",
        }
    ),
    "stack": _table(
        {PACKAGE: "install|upload|update|setup", OPAQUE: "exec|runghc|ghci|eval|script", TOOL: "*"}
    ),
    "cabal": _table({PACKAGE: "install|update|upload|get", OPAQUE: "exec|repl", TOOL: "*"}),
    "zig": _table({PACKAGE: "fetch", TOOL: "*"}),
    "hatch": _table({PACKAGE: "publish|env *|python *|self *", TOOL: "*"}),
    "just": _table({TOOL: "*"}),
    "rake": _table({PACKAGE: "release|install", TOOL: "*"}),
    "psql": _table({NET: "*"}),
}
"""No row: the program's own class, whatever follows."""

TAKE_GOALS: Final = frozenset({"make", "ninja", "mvn", "gradle", "rake", "just", "sbt", "mix"})
"""Each of their operands is one of these, and the worst of them counts."""
