"""What a request passes before anything looks into it."""

from typing import Final

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from serving.middleware import BodyLimit, RequestId
from serving.origins import SessionGuard
from serving.pages import SESSION_COOKIE
from serving.settings import Settings

CORS_AGE_S: Final = 600


def door(settings: Settings) -> list[Middleware]:
    """From the outside in: a request under a foreign name ends before CORS, and so on."""
    return [
        Middleware(RequestId),
        Middleware(TrustedHostMiddleware, allowed_hosts=settings.trusted_hosts, www_redirect=False),
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization"],
            expose_headers=["X-Request-Id", "Retry-After"],
            max_age=CORS_AGE_S,
        ),
        Middleware(SessionGuard, cookie=SESSION_COOKIE),
        Middleware(BodyLimit, bytes_max=settings.request_bytes_max),
    ]
