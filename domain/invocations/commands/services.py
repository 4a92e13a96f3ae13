"""Clients of services, and of the machine."""

from collections.abc import Mapping
from typing import Final

from domain.invocations.commands.table import (
    DESTROY,
    FORBID,
    NET,
    OPAQUE,
    READ,
    ROOT,
    UNKNOWN,
    WRITE,
    Table,
    table,
)

SERVICES: Final[Mapping[str, Table]] = {
    "terraform": table(
        {
            READ: "fmt|validate|version|graph",
            NET: (
                "output|providers|init|plan|get|refresh|show|state list|state show|workspace"
                "|workspace *|login"
            ),
            DESTROY: ("apply|destroy|import|taint|untaint|state *|force-unlock|console"),
        }
    ),
    "helm": table(
        {
            READ: "lint|template|version|help",
            NET: "*",
            DESTROY: "uninstall|delete|rollback",
        }
    ),
    "kubectl": table(
        {
            READ: ("version|config view|config current-context|config get-contexts|help|options"),
            DESTROY: "delete|drain|replace|scale|cordon|taint|rollout undo",
            OPAQUE: "exec|cp|attach|debug|run|port-forward|proxy|plugin|plugin *",
            NET: "*",
        }
    ),
    "docker": table(
        {
            READ: (
                "ps|images|logs|inspect|version|info|stats|top|history|port|diff|compose ps"
                "|compose logs|compose config|compose images|compose top|compose version"
                "|compose ls|image ls|image inspect|image history|container ls|container logs"
                "|container inspect|volume ls|volume inspect|network ls|network inspect"
                "|context ls|context show|system df|system info|buildx ls|help|events"
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
    "systemctl": table(
        {
            READ: (
                "|status|is-active|is-enabled|is-failed|list-units|list-unit-files"
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
    "loginctl": table(
        {
            READ: "|list-sessions|show-session|user-status",
            FORBID: "poweroff|reboot|halt|suspend",
            ROOT: "*",
        }
    ),
    "init": table({FORBID: "0|1|6|s|S", ROOT: "*"}),
    "telinit": table({FORBID: "*"}),
    "service": table({READ: "--status-all", ROOT: "*"}),
    "ip": table(
        {
            READ: (
                "|addr|address|a|link|l|route|r|rule|neigh|addr show|address show|a show"
                "|link show|route show|route list|route get|rule show|neigh show|addr list"
                "|link list|-br a"
            ),
            ROOT: "addr *|address *|a *|link *|l *|route *|r *|rule *|neigh *|*",
        }
    ),
    "hostname": table({READ: "", ROOT: "*"}),
    "sysctl": table({READ: "*"}),
    "crontab": table({READ: "-l", WRITE: "*"}),
    "openssl": table(
        {READ: "version|x509|dgst|rand|help", NET: "s_client|s_server|s_time|ocsp", WRITE: "*"}
    ),
    "gh": table(
        {
            READ: "version|help|completion",
            DESTROY: "repo delete|release delete|secret delete",
            NET: "*",
        }
    ),
    "aws": table({DESTROY: "s3 rm|s3 rb|s3 sync|s3 mv", READ: "help|--version", NET: "*"}),
    "psql": table({NET: "*"}),
}
