"""What this server is and how much it takes."""

from typing import Self

import strawberry

from domain import limits
from domain.limits import DocumentLimits
from resolvers import kill_switches
from resolvers.context import Services
from resolvers.paging import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX
from schema.info import Info
from schema.kill_switches import KillSwitch
from schema.settings import FeatureFlags


@strawberry.type(description="How much this server takes.")
class ServerLimits:
    """Bounds that a client may want to keep to."""

    page_size_default: int = strawberry.field(description="Items of a page if first is absent.")
    page_size_max: int = strawberry.field(description="The largest first.")
    command_bytes_max: int = strawberry.field(description="Bytes of a command, all arguments.")
    prompt_bytes_max: int = strawberry.field(description="Bytes of a prompt.")
    timeout_ms_default: int = strawberry.field(
        description="A run's timeout if none is given, in ms."
    )
    timeout_ms_max: int = strawberry.field(description="The longest timeout, in ms.")
    output_bytes_max: int = strawberry.field(description="Bytes of output kept of a run.")
    queue_max: int = strawberry.field(description="Runs that may be queued at once.")
    query_bytes_max: int = strawberry.field(description="Bytes of a GraphQL document.")
    query_tokens_max: int = strawberry.field(description="Tokens of a GraphQL document.")
    query_depth_max: int = strawberry.field(description="Levels of fields in an operation.")
    query_fields_max: int = strawberry.field(
        description="Fields of an operation, with its fragments written out."
    )
    query_aliases_max: int = strawberry.field(
        description="Aliases of an operation, with its fragments written out."
    )
    query_cost_max: int = strawberry.field(description="Points that one operation may cost.")
    cost_per_minute: int = strawberry.field(
        description="Points that one token may spend a minute on this server."
    )


@strawberry.type(description="What this server is.")
class ServerInfo:
    """Facts that hold while it is up."""

    version: str = strawberry.field(description="The workbench's version.")
    limits: ServerLimits = strawberry.field(description="How much it takes.")
    flags: FeatureFlags = strawberry.field(
        description="Which parts of the workbench are on; a project can only turn more off."
    )

    @strawberry.field(description="The kill switch of the whole server.")
    async def kill_switch(self, info: Info) -> KillSwitch:
        return KillSwitch.of(await kill_switches.of_server(info.context))

    @strawberry.field(
        description="The engaged kill switches that concern the viewer's projects, newest first, "
        "at most 100."
    )
    async def kill_switches(self, info: Info) -> list[KillSwitch]:
        return [KillSwitch.of(each) for each in await kill_switches.engaged(info.context)]

    @classmethod
    def of(cls, services: Services, documents: DocumentLimits) -> Self:
        facts = services.facts
        return cls(
            version=facts.version,
            flags=FeatureFlags.without(facts.disabled),
            limits=ServerLimits(
                page_size_default=PAGE_SIZE_DEFAULT,
                page_size_max=PAGE_SIZE_MAX,
                command_bytes_max=limits.COMMAND_BYTES_MAX,
                prompt_bytes_max=limits.PROMPT_BYTES_MAX,
                timeout_ms_default=facts.limits.timeout_ms_default,
                timeout_ms_max=limits.TIMEOUT_MS_MAX,
                output_bytes_max=facts.limits.output_bytes_max,
                queue_max=facts.limits.queue_max,
                query_bytes_max=documents.bytes_max,
                query_tokens_max=documents.tokens_max,
                query_depth_max=documents.depth_max,
                query_fields_max=documents.fields_max,
                query_aliases_max=documents.aliases_max,
                query_cost_max=documents.cost_max,
                cost_per_minute=services.allowances.per_minute,
            ),
        )
