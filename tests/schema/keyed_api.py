"""The API of a server that has a provider with a config and credentials, and its operations."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from domain.ids import NodeId
from serving.settings import Settings
from tests.contract.store.scene import Scene
from tests.databases import sqlite_at
from tests.keyed import KEYED, KeyedWorkbench
from tests.schema.api import ADMIN, Api, Json

URL: Final = "https://keyed.example"
SECRET: Final = "sesame-open-the-door"
ERROR: Final = "... on UserError { code message } ... on InvalidInput { path }"
STATUS: Final = """{ name description required isSet source hint setAt setBy { name } expiresAt
  health checkedAt }"""
PROVIDER: Final = f"""key config configRevision enabled health {{ status reason }}
  credentials {STATUS}"""
CONFIGURE: Final = f"""mutation($input: ProviderConfigureInput!) {{
  providerConfigure(input: $input) {{
  __typename ... on ProviderConfigurePayload {{ provider {{ {PROVIDER} }}
  project {{ settings {{ defaultProvider version }} }} }} {ERROR} }} }}"""
SET: Final = f"""mutation($input: ProviderCredentialSetInput!) {{
  providerCredentialSet(input: $input) {{
  __typename ... on ProviderCredentialSetPayload {{ provider {{ {PROVIDER} }} }} {ERROR} }} }}"""
DELETE: Final = f"""mutation($input: ProviderCredentialDeleteInput!) {{
  providerCredentialDelete(input: $input) {{
  __typename ... on ProviderCredentialDeletePayload {{ provider {{ {PROVIDER} }} }} {ERROR} }} }}"""
CHECK: Final = f"""mutation($input: ProviderCheckInput!) {{ providerCheck(input: $input) {{
  __typename ... on ProviderCheckPayload {{ health {{ status reason checkedAt }}
  provider {{ credentials {STATUS} }} }} ... on UserError {{ code message }} }} }}"""
SHOW: Final = f'{{ project(slug: "main") {{ provider(key: "{KEYED}") {{ {PROVIDER} }} }} }}'


class KeyedApi:
    """What an administrator, or somebody else, does with the provider."""

    def __init__(self, api: Api, workbench: KeyedWorkbench) -> None:
        self.api = api
        self.workbench = workbench

    @property
    def keyed(self) -> Any:
        return self.workbench.keyed

    async def configure(self, config: object, token: str = ADMIN, **more: object) -> Json:
        given = {"project": "main", "provider": KEYED, "config": config} | more
        return await self._answer(CONFIGURE, token, given)

    async def put(
        self, value: str = SECRET, token: str = ADMIN, name: str = "apiKey", **more: object
    ) -> Json:
        given = {"project": "main", "provider": KEYED, "name": name, "value": value} | more
        return await self._answer(SET, token, given)

    async def delete(self, name: str = "apiKey", token: str = ADMIN, **more: object) -> Json:
        given = {"project": "main", "provider": KEYED, "name": name} | more
        return await self._answer(DELETE, token, given)

    async def check(self, token: str = ADMIN, **more: object) -> Json:
        given = {"project": "main", "provider": KEYED} | more
        found = await self.api.data(CHECK, token=token, input=given)
        answer: Json = found["providerCheck"]
        return answer

    async def show(self, token: str = ADMIN) -> Json:
        found = await self.api.data(SHOW, token=token)
        provider: Json = found["project"]["provider"]
        return provider

    async def credential(self, name: str = "apiKey", token: str = ADMIN) -> Json:
        statuses = (await self.show(token))["credentials"]
        (found,) = [each for each in statuses if each["name"] == name]
        status: Json = found
        return status

    async def audited(self, *fields: str) -> list[Json]:
        """What was done to providers and credentials, oldest first."""
        asked = f"""{{ project(slug: "main") {{ auditLog(filter: {{action: [PROVIDER_CONFIGURE,
          CREDENTIAL_SET, CREDENTIAL_DELETE]}}) {{ nodes {{ action {" ".join(fields)} }} }} }} }}"""
        nodes: list[Json] = (await self.api.data(asked))["project"]["auditLog"]["nodes"]
        return nodes[::-1]

    async def _answer(self, document: str, token: str, given: Json) -> Json:
        (answer,) = (await self.api.data(document, token=token, input=given)).values()
        found: Json = answer.get("provider") or answer
        return found | {key: answer[key] for key in ("project",) if key in answer}


async def found_or_set_up(workbench: KeyedWorkbench) -> Scene:
    """The scene of this database, which another server may have been on before."""
    store = workbench.database
    async with store.snapshot() as unit:
        project = await unit.projects.by_slug("main")
        actor = await unit.principals.by_name("ada")
    if project is None or actor is None:
        return await Scene.set_up(store, [])
    return Scene(store=store, woken=[], project=project, actor=actor)


@asynccontextmanager
async def keyed_api(folder: Path, **settings: Any) -> AsyncIterator[KeyedApi]:
    """On a database of its own unless the settings say otherwise; no engine."""
    token = "wb_" + "t" * 20
    given: dict[str, Any] = {
        "data_dir": folder,
        "project_root": folder,
        "bootstrap_token": SecretStr(token),
        "poll_s": 0.5,
    }
    sqlite_at(folder / "workbench.db")
    workbench = KeyedWorkbench(
        settings=Settings(**(given | settings)), node=NodeId("node-1"), token=token
    )
    await workbench.database.migrate()
    async with workbench.hub, workbench.notifier:
        scene = await found_or_set_up(workbench)
        async with workbench.providers.connector:
            yield KeyedApi(Api.of(workbench, scene), workbench)
    await workbench.local.close()
    await workbench.database.close()
