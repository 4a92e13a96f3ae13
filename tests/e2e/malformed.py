"""What no client should send: tables of bodies, requests, bytes and frames."""

from typing import Any, Final

ASK: Final = b'{"query": "{viewer{kind}}"}'
DEEP: Final = b"[" * 5000

BODIES: Final[dict[str, bytes]] = {
    "nothing": b"",
    "a space": b" ",
    "a text": b'"x"',
    "null": b"null",
    "a number": b"7",
    "a list": b"[]",
    "a batch": b"[" + ASK + b"]",
    "an object of nothing": b"{}",
    "half an object": b"{",
    "an object and more": ASK + b"{}",
    "a byte order mark": b"\xef\xbb\xbf" + ASK,
    "no UTF-8": b"\xff\xfe",
    "no UTF-8 inside": b'{"query": "{viewer{kind}} #\xff"}',
    "UTF-16": ASK.decode().encode("utf-16"),
    "a surrogate": b'{"query": "{viewer{kind}} #\\ud800"}',
    "a raw line end in a text": b'{"query": "{viewer{kind}}\n"}',
    "deep": DEEP,
    "deep and closed": DEEP + b"]" * 5000,
    "deep variables": b'{"query": "{viewer{kind}}", "variables": {"a": ' + DEEP + b"}}",
    "a number without an end": b'{"query": "{viewer{kind}}", "variables": {"a": NaN}}',
    "a query of a number": b'{"query": 5}',
    "a query of a list": b'{"query": ["{viewer{kind}}"]}',
    "a query of null": b'{"query": null}',
    "an empty query": b'{"query": ""}',
    "variables in a list": b'{"query": "{viewer{kind}}", "variables": []}',
    "variables in a text": b'{"query": "{viewer{kind}}", "variables": "{}"}',
    "a name of a number": b'{"query": "{viewer{kind}}", "operationName": 4}',
    "a name of nothing there": b'{"query": "{viewer{kind}}", "operationName": "Other"}',
    "extensions in a list": b'{"query": "{viewer{kind}}", "extensions": []}',
    "a fragment alone": b'{"query": "fragment F on Query { __typename }"}',
}
"""Bodies of a POST; each is answered with a status from 400 to 499 and a code."""

HUGE_INTEGER: Final = b'{"query": "query($a: Int) {viewer{kind}}", "variables": {"a": %s}}' % (
    b"9" * 5000
)

REQUESTS: Final[dict[str, dict[str, Any]]] = {
    "no kind of body": {"content": ASK, "headers": {"Content-Type": ""}},
    "a text": {"content": ASK, "headers": {"Content-Type": "text/plain"}},
    "a form": {"data": {"query": "{viewer{kind}}"}},
    "an upload": {"files": {"operations": ASK}},
    "nearly JSON": {"content": ASK, "headers": {"Content-Type": "application/jsonp"}},
    "compressed": {"content": ASK, "headers": {"Content-Encoding": "gzip"}},
    "PUT": {"method": "PUT", "content": ASK},
    "DELETE": {"method": "DELETE"},
    "PATCH": {"method": "PATCH", "content": ASK},
    "OPTIONS": {"method": "OPTIONS"},
    "GET of nothing": {"method": "GET"},
    "GET of a mutation": {
        "method": "GET",
        "params": {"query": 'mutation { runCancel(input: {id: "x"}) { __typename } }'},
    },
    "GET of a subscription": {
        "method": "GET",
        "params": {"query": 'subscription { runLogs(runId: "x") { firstLine } }'},
    },
    "GET with odd variables": {
        "method": "GET",
        "params": {"query": "{viewer{kind}}", "variables": "nonsense"},
    },
    "GET with variables in a list": {
        "method": "GET",
        "params": {"query": "{viewer{kind}}", "variables": "[]"},
    },
    "GET with deep variables": {
        "method": "GET",
        "params": {"query": "{viewer{kind}}", "variables": "[" * 2000},
    },
    "a token of Latin letters": {
        "content": ASK,
        "headers": {"Authorization": "Bearer wb_ä".encode("latin-1")},
    },
}
"""Requests as httpx takes them; a POST of JSON where nothing else is said."""

START: Final = b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\n"
BYTES: Final[dict[str, bytes]] = {
    "no request": b"nonsense\r\n\r\n",
    "a length that is no number": START + b"Content-Length: x\r\n\r\n",
    "a negative length": START + b"Content-Length: -1\r\n\r\n",
    "two lengths": START + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length and pieces": START
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a piece without a length": START + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a header without a colon": START + b"nonsense\r\n\r\n",
    "a NUL in a header": START + b"X-Odd: \x00\r\n\r\n",
}
"""What is no HTTP; each is answered with a status from 400 to 499, and the connection is closed."""

OPERATION: Final = '{"type": "subscribe", "id": "1", "payload": %s}'
FRAMES: Final[dict[str, str | bytes]] = {
    "nothing": "",
    "half an object": "{",
    "null": "null",
    "a list": "[]",
    "a text": '"x"',
    "a number": "7",
    "bytes": b'{"type": "ping"}',
    "bytes of no UTF-8": b"\xff",
    "a surrogate": '{"type": "ping", "payload": {"a": "\\ud800"}}',
    "deep": "[" * 5000,
    "a deep payload": '{"type": "ping", "payload": {"a": ' + "[" * 5000,
    "no type": "{}",
    "a type of a number": '{"type": 5}',
    "an unknown type": '{"type": "nonsense"}',
    "the older protocol's start": '{"type": "start", "id": "1", "payload": {"query": "{a}"}}',
    "the older protocol's stop": '{"type": "stop", "id": "1"}',
    "a server's message": '{"type": "next", "id": "1", "payload": {}}',
    "a ping of a number": '{"type": "ping", "payload": 3}',
    "a pong of a list": '{"type": "pong", "payload": []}',
    "complete without an id": '{"type": "complete"}',
    "complete of a number": '{"type": "complete", "id": 1}',
    "subscribe without anything": '{"type": "subscribe"}',
    "an id in a list": '{"type": "subscribe", "id": ["1"], "payload": {"query": "{a}"}}',
    "an empty id": '{"type": "subscribe", "id": "", "payload": {"query": "{a}"}}',
    "a long id": '{"type": "subscribe", "id": "%s", "payload": {"query": "{a}"}}' % ("x" * 257),
    "a payload of null": OPERATION % "null",
    "a payload in a list": OPERATION % "[]",
    "a query of null": OPERATION % '{"query": null}',
    "a query of a number": OPERATION % '{"query": 1}',
    "variables in a list": OPERATION % '{"query": "{a}", "variables": []}',
    "a name of an object": OPERATION % '{"query": "{a}", "operationName": {}}',
    "extensions of a text": OPERATION % '{"query": "{a}", "extensions": "x"}',
}
"""Frames on a socket that has signed in; each closes it with 4400."""
