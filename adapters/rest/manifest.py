"""What a manifest says: one platform, its operations, and what its answers mean.

What stands below a field is what docs/reference/manifest.schema.json tells an editor of it.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.models.providers import LogStream, ProviderKind, ProviderSignal
from domain.models.runs import RunKind

KEY: Final = r"^[a-z][a-z0-9_]{0,63}$"
NAME: Final = r"^[A-Za-z_][A-Za-z0-9_]{0,63}$"
Name = Annotated[str, Field(pattern=NAME)]
TimeFormat = Literal["iso", "epoch_s", "epoch_ms"]
JsonPath = Annotated[str, Field(pattern=r"^[^.\s]+(\.[^.\s]+)*$", max_length=200)]


class Part(BaseModel):
    """A table of a manifest: nothing that is not described here, and nothing that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Part):
    """The document that the manifest was written from."""

    title: str
    url: str = Field(pattern="^https://")
    read_on: date
    """The day on which the document said so."""
    version: str | None = None


class Credential(Part):
    """A secret that a project sets."""

    description: str
    required: bool = True


class AuthKind(StrEnum):
    """How a secret is shown to the platform."""

    NONE = "none"
    BEARER = "bearer"
    BASIC_USER = "basic_user"
    HEADER = "header"
    QUERY = "query"
    HMAC_SHA256 = "hmac_sha256"


class Words(Part):
    """Answers with this status, and this text in them where one is given."""

    status: int = Field(ge=200, le=599)
    contains: str | None = None


class Auth(Part):
    """How requests are signed in: the only place where a secret may stand."""

    kind: AuthKind = AuthKind.NONE
    secret: Name | None = None
    """The credential's name."""
    name: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,100}$")
    """Of the header or the parameter; for hmac_sha256 of the header with the signature."""
    prefix: str = ""
    """What stands before the secret or the signature, for example `sha256=`."""
    rejected: tuple[Words, ...] = ()
    """How the platform says that it does not take the secret, besides 401 and 403."""


class Outcome(StrEnum):
    """What an answer means that is no plain success."""

    DONE = "DONE"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_THERE = "ALREADY_THERE"
    TOO_LATE = "TOO_LATE"
    UNAVAILABLE = "UNAVAILABLE"
    REFUSED = "REFUSED"


class Treatment(Words):
    """Answers with this status, and this text in them where one is given, mean something else."""

    outcome: Outcome


class Idempotency(Part):
    """Where the platform takes a key that keeps the same request from being carried out twice."""

    header: str | None = None
    field: str | None = None
    own_id: bool = False
    """The run's id is part of what is made, so that a second request finds it there."""


class Operation(Part):
    """One request and what is read from its answer."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    path: str = Field(pattern="^/")
    """Behind the base URL; values in it are quoted."""
    query: dict[str, Any] = {}
    headers: dict[str, str] = {}
    body: dict[str, Any] | None = None
    """Sent as JSON. A text that is one place alone keeps the value's type; keys without a value
    are left out."""
    ok: tuple[int, ...] = ()
    """Statuses that are a success; any 2xx where none is given."""
    answer: Literal["json", "text", "none"] = "json"
    extract: dict[Name, JsonPath] = {}
    """Names for what is at these paths of the answer."""
    require: tuple[Name, ...] = ()
    """Of these names, those without which an answer makes no sense."""
    error: JsonPath | None = None
    """What is there in a success is an error all the same, and says so."""
    treat: tuple[Treatment, ...] = ()
    idempotency: Idempotency | None = None

    @property
    def may_be_repeated(self) -> bool:
        """Whether asking it twice makes nothing twice."""
        return self.method != "POST" or self.idempotency is not None


class Dispatch(Part):
    """The operations that start a run; each sees as `ref` what those before have found."""

    steps: tuple[Name, ...] = Field(min_length=1, max_length=5)
    ref: tuple[Name, ...] = Field(max_length=4)
    """The names that find the run again: together they are its id with the platform. None where
    the platform is never asked again."""
    web_url: str | None = None
    """Where a person can look at the run."""


class Memory(Part):
    """Since when the platform knows its runs: one that is older than that and is not found may
    have been there."""

    op: Name
    since: Name
    """The name of what tells it, in the answer."""
    since_as: TimeFormat = "iso"


class Lookup(Part):
    """How a run is found whose dispatch was perhaps not answered."""

    op: Name
    items: JsonPath | None = None
    """The list in the answer to look through; without it the answer is the run itself."""
    match: dict[JsonPath, str] = {}
    """What the run's item has at these paths."""
    page: int | None = Field(default=None, ge=1)
    """So many items are all that is shown: what a list of that length lacks may be there."""
    remembers_s: int | None = Field(default=None, ge=1)
    """So long a run that is over can be found, in seconds: an older one may have been there."""
    memory: Memory | None = None
    """For a platform that forgets all of them when it is started again."""
    ref: dict[Name, str] = {}
    """The names of dispatch, from `item` or `run`."""


class Rule(Part):
    """What some values mean; the first rule that fits counts."""

    when: dict[Name, tuple[str | int | bool, ...]]
    """By name of what was extracted, the values that fit; no value at all is the word `(none)`."""
    signal: ProviderSignal
    message: str | None = None


class Used(Part):
    """What a run has used up so far: the names of values that are numbers."""

    cost: Name | None = None
    cost_as: Literal["usd", "cents"] = "usd"
    input_tokens: Name | None = None
    output_tokens: Name | None = None
    tokens: Name | None = None
    """All of them; without it, those of input and output together."""


class Status(Part):
    """How a run is: what is asked, and what the answers mean."""

    steps: tuple[Name, ...] = Field(default=(), max_length=4)
    assumed: ProviderSignal | None = None
    """For a platform that cannot be asked: what a run is once it was taken."""
    known: dict[Name, tuple[str, ...]] = {}
    """Every value that the document names. Each combination of them has to have a rule."""
    rules: tuple[Rule, ...] = ()
    unknown: Literal[ProviderSignal.UNKNOWN] = ProviderSignal.UNKNOWN
    """Everything else."""
    raw: tuple[Name, ...] = ()
    """The names whose values are shown as the platform's own word."""
    message: tuple[Name, ...] = ()
    """The first of these names that has a value says why."""
    empty: tuple[str, ...] = ()
    """Words that say nothing where a reason could stand."""
    question: tuple[Name, ...] = ()
    """The first of these names that has a value is what a waiting run wants to know."""
    question_steps: tuple[Name, ...] = Field(default=(), max_length=2)
    """What is asked besides of a run that waits, to find its question."""
    exit_code: Name | None = None
    exit_code_as: Literal["code", "wait_status"] = "code"
    outputs: Name | None = None
    """The value of this name, an object, is what a run that is over hands on."""
    usage: Used = Used()
    ended_at: Name | None = None
    ended_at_as: TimeFormat = "iso"
    same: dict[Name, str] = {}
    """What these names have where the answer is of this run. Another value is that of another run
    under the same id, of a platform that has begun to count anew."""


class Sequence(Part):
    """Operations that are carried out one after the other."""

    steps: tuple[Name, ...] = Field(min_length=1, max_length=4)


class LogMode(StrEnum):
    """How a platform gives out what a run has printed."""

    REPLACE = "replace"
    ITEMS = "items"
    FILE = "file"


class Logs(Part):
    """What a run has printed."""

    mode: LogMode
    stream: LogStream = LogStream.STDOUT
    op: Name | None = None
    text: JsonPath | None = None
    """replace: where the whole text is in the answer; without it the answer is the text."""
    items: JsonPath | None = None
    """items: the list of what happened, oldest first."""
    line: tuple[str, ...] = ()
    """items: the first of these that has all its values (of `item`) is what is printed."""
    next: JsonPath | None = None
    """items: the token of the next page."""
    token: str | None = None
    """items: the query parameter that takes it."""
    files: tuple[str, ...] = ()
    """file: paths on a file system that this server shares with the platform, stdout first."""
    folder: str | None = None
    """file: the folder that they have to be in."""


class Artifacts(Part):
    """The files that a run has left."""

    op: Name
    items: JsonPath
    name: JsonPath
    reference: JsonPath
    media_type: JsonPath | None = None
    size_bytes: JsonPath | None = None
    content: Name | None = None
    """What is asked for what is in one, as `ref.artifact`; without it that stays with the platform.
    """
    link: JsonPath | None = None
    """Where the answer only says at which URL the content is: where that stands in it. That has to
    be at an allowed host, and credentials go to the platform's own alone."""


class RateLimit(Part):
    """Headers that tell when there is nothing left to ask."""

    remaining: str
    reset: str
    reset_as: Literal["epoch_s", "seconds"] = "epoch_s"
    statuses: tuple[int, ...] = (403, 429)


class WebhookScheme(StrEnum):
    """How a platform signs what it sends."""

    HMAC_SHA256 = "hmac_sha256"
    STANDARD = "standard_webhooks"


class Webhook(Part):
    """What the platform sends when something has happened to a run, which is then asked after at
    once."""

    scheme: WebhookScheme = WebhookScheme.HMAC_SHA256
    """`hmac_sha256` over the body in a header; `standard_webhooks` by that specification."""
    secret: Name
    """The credential that it signs with."""
    header: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,100}$")
    """hmac_sha256: which has the signature."""
    prefix: str = ""
    """hmac_sha256: what stands before the signature, for example `sha256=`."""
    encoding: Literal["hex", "base64"] = "hex"
    """hmac_sha256: how the signature is written."""
    ref: dict[Name, JsonPath]
    """Where the names of dispatch are in the body."""
    at: JsonPath | None = None
    """hmac_sha256: when it happened; what is ten minutes old is not heard."""
    at_as: TimeFormat = "iso"


class Manifest(Part):
    """One platform."""

    manifest_version: Literal[1]
    id: str = Field(pattern=KEY)
    title: str = Field(min_length=1, max_length=100)
    kind: Literal[ProviderKind.PLATFORM, ProviderKind.ENGINE]
    run_kinds: tuple[RunKind, ...] = Field(min_length=1)
    sources: tuple[Source, ...] = Field(min_length=1)
    base_url: str
    allowed_hosts: tuple[str, ...] = ()
    """Requests go nowhere else. Without any, to the host of the base URL alone."""
    private_addresses: Literal["never", "config", "always"] = "never"
    """Whether the platform may be on this machine or in a private network; `config` lets a project
    say so, by the setting `allowPrivate`."""
    poll_s: float = Field(default=5, ge=0.5, le=3600)
    timeout_s: float = Field(default=30, ge=1, le=300)
    config: dict[Name, dict[str, Any]] = {}
    """What a project sets, each as a JSON Schema."""
    config_required: tuple[Name, ...] = ()
    credentials: dict[Name, Credential] = {}
    auth: Auth = Auth()
    headers: dict[str, str] = {}
    ops: dict[Name, Operation] = Field(min_length=1)
    dispatch: Dispatch
    lookup: Lookup | None = None
    status: Status
    cancel: Sequence | None = None
    resume: Sequence | None = None
    logs: Logs | None = None
    artifacts: Artifacts | None = None
    health: Sequence | None = None
    rate_limit: RateLimit | None = None
    webhook: Webhook | None = None
