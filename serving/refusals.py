"""What is answered to a request that goes no further than the door."""

from starlette.responses import JSONResponse


def refusal(status: int, code: str, message: str) -> JSONResponse:
    """In the form of GraphQL's errors, since those who read it are its clients."""
    error = {"message": message, "extensions": {"code": code}}
    return JSONResponse({"errors": [error]}, status_code=status)
