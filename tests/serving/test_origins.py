"""Whose page a request comes from, and what may be done in the name of a session."""

import pytest
from starlette.datastructures import Headers

from serving.origins import Sender, is_refused, sender

OWN, FOREIGN, UNKNOWN = Sender.OWN, Sender.FOREIGN, Sender.UNKNOWN


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, UNKNOWN),
        ({"sec-fetch-site": "none"}, UNKNOWN),
        ({"sec-fetch-site": "same-origin"}, OWN),
        ({"sec-fetch-site": "same-site"}, FOREIGN),
        ({"sec-fetch-site": "cross-site"}, FOREIGN),
        ({"origin": "http://wb.test:8000"}, OWN),
        ({"origin": "https://WB.test:8000"}, OWN),
        ({"origin": "http://wb.test"}, FOREIGN),
        ({"origin": "http://wb.test:8001"}, FOREIGN),
        ({"origin": "http://wb.test.evil.test:8000"}, FOREIGN),
        ({"origin": "null"}, FOREIGN),
        ({"origin": ""}, FOREIGN),
        ({"origin": "wb.test:8000"}, FOREIGN),
        ({"origin": "http://wb.test", "host": "wb.test"}, OWN),
        ({"origin": "https://wb.test", "host": "wb.test:443"}, OWN),
        ({"origin": "https://wb.test", "host": "wb.test:80"}, FOREIGN),
        ({"origin": "http://[::1]:8000", "host": "[::1]:8000"}, OWN),
        ({"origin": "http://evil.test", "sec-fetch-site": "cross-site"}, FOREIGN),
    ],
)
def test_the_sender(headers: dict[str, str], expected: Sender) -> None:
    """Fetch Metadata counts first, then the origin, with default ports as browsers write them."""
    assert expected is sender(Headers({"host": "wb.test:8000", **headers}))


@pytest.mark.parametrize(
    ("method", "path", "refused"),
    [
        ("POST", "/graphql", {FOREIGN, UNKNOWN}),
        ("POST", "/sign-out", {FOREIGN, UNKNOWN}),
        ("GET", "/graphql", {FOREIGN}),
        ("HEAD", "/graphql", {FOREIGN}),
        ("GET", "/", set()),
        ("GET", "/graphiql", set()),
    ],
)
def test_what_a_session_does_not_cover(method: str, path: str, refused: set[Sender]) -> None:
    """To change something takes proof that it is ours; a query only must not be proven foreign."""
    assert refused == {by for by in Sender if is_refused(method, path, by)}
