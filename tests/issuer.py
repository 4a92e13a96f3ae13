"""A small real issuer of OpenID Connect on loopback: discovery, keys, and tokens that it signs.

The signing is written out here, so that what checks it is not asked whether it is right.
"""

import base64
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.services import free_port

AUDIENCE: Final = "workbench"
DISCOVERY: Final = "/.well-known/openid-configuration"
KEYS: Final = "/keys"
HASHES: Final = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
CURVES: Final = {"ES256": ("P-256", ec.SECP256R1()), "ES384": ("P-384", ec.SECP384R1())}

Json = dict[str, Any]


def encoded(content: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def number(value: int, size: int | None = None) -> str:
    return encoded(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


@dataclass(frozen=True)
class SigningKey:
    """A key pair with a name; `alg` is what it signs with unless a token says otherwise."""

    kid: str | None
    alg: str
    jwk: Json
    sign: Callable[[str, bytes], bytes]

    def published(self, **changes: Any) -> Json:
        """As it is in the set of keys."""
        named = {} if self.kid is None else {"kid": self.kid}
        return {**self.jwk, **named, "use": "sig", **changes}


def rsa_key(kid: str | None = "rsa", alg: str = "RS256", *, bits: int = 2048) -> SigningKey:
    private = _rsa(kid, bits)

    def sign(algorithm: str, text: bytes) -> bytes:
        chosen = HASHES[algorithm[2:]]
        if algorithm.startswith("RS"):
            return private.sign(text, padding.PKCS1v15(), chosen)
        salted = padding.PSS(padding.MGF1(chosen), chosen.digest_size)
        return private.sign(text, salted, chosen)

    numbers = private.public_key().public_numbers()
    jwk = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
    return SigningKey(kid, alg, jwk, sign)


@cache
def _rsa(kid: str | None, bits: int) -> rsa.RSAPrivateKey:
    """Made once a name: it takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def ec_key(kid: str = "ec", alg: str = "ES256") -> SigningKey:
    name, curve = CURVES[alg]
    private = ec.generate_private_key(curve)
    size = (curve.key_size + 7) // 8

    def sign(_: str, text: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(text, ec.ECDSA(HASHES[alg[2:]])))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    numbers = private.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": name, "x": number(numbers.x, size), "y": number(numbers.y, size)}
    return SigningKey(kid, alg, jwk, sign)


def ed_key(kid: str = "ed", alg: str = "EdDSA") -> SigningKey:
    private = ed25519.Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": encoded(public)}
    return SigningKey(kid, alg, jwk, lambda _, text: private.sign(text))


def secret_key(secret: bytes, kid: str) -> SigningKey:
    """What is no key pair: whoever can check can also sign."""

    def sign(_: str, text: bytes) -> bytes:
        code = hmac.HMAC(secret, hashes.SHA256())
        code.update(text)
        return code.finalize()

    return SigningKey(kid, "HS256", {"kty": "oct", "k": encoded(secret)}, sign)


@dataclass
class Issuer:
    """What it publishes and says can be changed while it runs. `asked` counts requests by path."""

    port: int = field(default_factory=free_port)
    keys: list[SigningKey] = field(default_factory=lambda: [rsa_key()])
    key_set: Any = None
    documents: dict[str, Any] = field(default_factory=dict)
    now: Callable[[], float] = time.time
    asked: Counter[str] = field(default_factory=Counter)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def document(self, path: str) -> Any:
        """What is said at a path; None for nothing, a number for a status, bytes as they are."""
        if path in self.documents:
            return self.documents[path]
        if path == DISCOVERY:
            return {"issuer": self.url, "jwks_uri": f"{self.url}{KEYS}"}
        if path == KEYS:
            return self.key_set or {"keys": [key.published() for key in self.keys]}
        return None

    def claims(self, **changes: Any) -> Json:
        """Of a token that lasts five minutes; a claim of None is left out."""
        now = int(self.now())
        usual = {"iss": self.url, "aud": AUDIENCE, "sub": "7", "iat": now, "exp": now + 300}
        return {name: value for name, value in (usual | changes).items() if value is not None}

    def token(self, key: SigningKey | None = None, **claims: Any) -> str:
        """A token as it should be, but for these claims."""
        key = key or self.keys[0]
        header = {"typ": "JWT", "alg": key.alg} | ({} if key.kid is None else {"kid": key.kid})
        return signed(key, header, self.claims(**claims))

    @contextmanager
    def running(self) -> Iterator["Issuer"]:
        """While it can be asked; it may run again later, at the same place."""
        server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def signed(key: SigningKey, header: Mapping[str, Any], claims: object) -> str:
    """Whatever the header and the claims are."""
    text = f"{_json(header)}.{_json(claims)}"
    return f"{text}.{encoded(key.sign(str(header['alg']), text.encode()))}"


def _json(value: object) -> str:
    return encoded(json.dumps(value).encode())


def _handler(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked[self.path] += 1
            found = issuer.document(self.path)
            status = found if isinstance(found, int) else 200 if found is not None else 404
            body = found if isinstance(found, bytes) else json.dumps(found).encode()
            self.send_response(status)
            if status in range(300, 400):
                self.send_header("Location", f"{issuer.url}/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def log_message(self, *_: object) -> None: ...

    return Handler
