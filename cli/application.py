"""The application that uvicorn runs, over the parts that app.py puts together."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from app import Workbench
from schema.endpoint import Endpoint
from serving import callbacks, downloads, graphiql, pages, probes
from serving.door import door
from serving.headers import SecurityHeaders

Announce = Callable[[Workbench], Awaitable[None]]
"""Told once the server is up."""


def asgi(workbench: Workbench, *, announce: Announce | None = None) -> ASGIApp:
    """The application that uvicorn runs. GraphQL needs a route of each kind on its path."""
    endpoint = Endpoint(
        services=workbench.services,
        store=workbench.database,
        identify=workbench.viewers.identify,
        session_of=pages.session_of,
        admissions=workbench.admissions,
        limits=workbench.settings.document_limits,
        allowed_origins=workbench.settings.cors_origins,
    )
    checks = {
        "database": workbench.database.check,
        "listener": probes.condition("no wake-ups arrive", lambda: workbench.notifier.is_healthy),
        "engine": probes.condition("the engine is down", lambda: workbench.runs.engine.is_running),
    }

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with workbench.started():
            if announce is not None:
                await announce(workbench)
            yield

    async def count_queue() -> None:
        async with workbench.database.snapshot() as unit:
            workbench.meter.queue_is(await unit.intents.depth())
            workbench.meter.engaged_are(await unit.kill_switches.counts())

    served = Starlette(
        routes=[
            Route("/graphql", endpoint, methods=["GET", "POST"]),
            WebSocketRoute("/graphql", endpoint),
            *pages.routes(workbench.sign_in),
            *graphiql.routes(workbench.sign_in),
            *callbacks.routes(workbench.providers.callbacks),
            *downloads.routes(workbench.services.downloads),
            Route("/healthz", probes.healthz),
            Route("/readyz", probes.readyz(checks)),
            Route("/metrics", probes.metrics(workbench.metrics, count_queue)),
        ],
        lifespan=lifespan,
        middleware=door(workbench.settings),
    )
    return SecurityHeaders(served)
