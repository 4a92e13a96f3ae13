"""A server that takes runs by a signed POST, as docs/reference/providers/webhook.md tells it to."""

import hashlib
import hmac
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.models.providers import ProviderSignal
from tests.platforms.serving import KEY, Platform, Refused


class Webhook(Platform):
    """Takes a run once, by its key, and tells nothing of it afterwards."""

    key = "webhook"
    secret = "signing_key"
    moves: ClassVar = {ProviderSignal.SUCCEEDED: {}}
    strange: ClassVar = {}

    def routes(self) -> list[Route]:
        return [Route("/workbench", self.take, methods=["POST"])]

    def check(self, request: Request) -> None:
        """Only with the body can a signature be checked."""

    def say(self, run: str, *lines: str) -> None:
        """Nobody hears it."""

    async def take(self, request: Request) -> Response:
        content = await request.body()
        expected = "sha256=" + hmac.new(KEY.encode(), content, hashlib.sha256).hexdigest()
        shown = request.headers.get("x-workbench-signature-256", "")
        if not hmac.compare_digest(expected, shown):
            raise Refused(401, {"message": "The signature is not ours"})
        body = await request.json()
        assert body["run"] == request.headers["idempotency-key"]
        self.runs.setdefault(body["run"], {"asked": body})
        return JSONResponse({"taken": True}, 202)
