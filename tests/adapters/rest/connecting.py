"""Adapters of manifests, at an address of the test's."""

import uuid
from collections.abc import Mapping
from typing import Any

from adapters.http.outbound import Outbound
from adapters.rest.adapter import RestAdapter
from adapters.rest.loading import SHIPPED, read
from adapters.rest.manifest import Manifest
from adapters.rest.provider import RestProvider
from domain.ids import ProjectId, RunId
from domain.models.providers import (
    Connection,
    Dispatched,
    EnvProfile,
    LogStream,
    RunHandle,
    WorkOrder,
)
from domain.models.secrets import Secret
from domain.ports import Adapter

HOUR_MS = 3_600_000


def shipped(key: str) -> Manifest:
    return read(SHIPPED / f"{key}.toml")


def at(manifest: Manifest, url: str) -> Manifest:
    """The same, with its platform on this machine."""
    elsewhere = {"base_url": url, "allowed_hosts": (), "private_addresses": "always"}
    return manifest.model_copy(update=elsewhere)


def opened(
    manifest: Manifest,
    outbound: Outbound,
    *,
    config: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> RestAdapter:
    connection = Connection(
        project_id=ProjectId("shop"),
        provider=manifest.id,
        config=config or {},
        secrets={name: Secret(text) for name, text in (secrets or {}).items()},
    )
    return RestProvider(manifest=manifest, outbound=outbound).open(connection)


def new_run() -> RunId:
    return RunId(uuid.uuid4().hex)


def order(
    *command: str, prompt: str | None = None, run_id: RunId | None = None, cwd: str = ""
) -> WorkOrder:
    return WorkOrder(
        run_id=run_id or new_run(),
        root_path="/srv/shop",
        command=command,
        prompt=prompt,
        cwd=cwd,
        env_profile=EnvProfile.DEFAULT,
        timeout_ms=HOUR_MS,
        output_bytes_max=10_000_000,
    )


def handle_of(run_id: RunId, dispatched: Dispatched | None) -> RunHandle:
    assert dispatched is not None
    return RunHandle(run_id=run_id, provider_run_id=dispatched.provider_run_id)


async def logged(
    adapter: Adapter, handle: RunHandle, position: str | None = None
) -> tuple[list[str], str | None]:
    """The lines behind a position, and the position behind them."""
    lines: list[str] = []
    while (progress := await adapter.fetch_logs(handle, position)) is not None:
        for output in progress.outputs:
            assert output.stream in LogStream
            assert output.lines == len(output.text.split("\n"))
            lines += output.text.split("\n")
        assert progress.position != position
        position = progress.position
    return lines, position
