"""What can go wrong between this client and the server, each a sentence for the person."""


class ClientError(Exception):
    """The server could not be asked, or did not do what was asked."""


class NoToken(ClientError):
    """There is no token to sign in with."""


class Unreachable(ClientError):
    """No server answers."""


class Refused(ClientError):
    """The server answered that it will not do this; `code` is the API's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class StreamLost(ClientError):
    """The stream broke off and could not be taken up again."""
