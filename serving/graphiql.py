"""The page at /graphiql, built from web/, or how to build it."""

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from domain.models.principals import Identity
from domain.services.sign_in import SignIn
from serving import pages

BUILT: Final = Path(__file__).resolve().parent.parent / "web" / "dist"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; "
    # Monaco, the editor in it, places its lines by style attributes, and brings fonts in its CSS.
    "style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
NOT_BUILT: Final = """
<p>GraphiQL was not built when this server was installed. To build it, and to see what is wrong if
it fails:</p>
<pre>make web</pre>
<p>then start the server again. It needs the npm registry. Everything else works without it.</p>"""


class HashedFiles(StaticFiles):
    """Files whose names change with their content, so a browser may keep them for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def routes(sign_in: SignIn, built: Path = BUILT) -> list[BaseRoute]:
    """The page, and the files that it loads, if they were built."""
    page = built / "graphiql" / "index.html"
    if not page.exists():
        return [Route("/graphiql", _not_built)]

    def graphiql(_: Identity) -> Response:
        return FileResponse(page, headers={"Content-Security-Policy": POLICY})

    async def icon(_: Request) -> Response:
        return FileResponse(built / "favicon.svg")

    return [
        Route("/graphiql", pages.for_the_signed_in(sign_in, graphiql)),
        Route("/favicon.svg", icon),
        Mount("/assets", HashedFiles(directory=built / "assets")),
    ]


async def _not_built(_: Request) -> Response:
    return pages.page(NOT_BUILT, status=503)
