"""What can be set from outside, all by environment variables that start with WORKBENCH_."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    SecretStr,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.limits import ArtifactLimits, ConnectionLimits, DocumentLimits, RunLimits
from domain.models.settings import FeatureFlag
from domain.models.subjects import GroupRights, Issuer
from domain.queue import ConcurrencyLimits
from serving.data_directory import DataDirectory
from serving.lists import HostName, Origin, flags, parts
from serving.oidc import issuer_url, rights
from serving.secret_keys import FILE_NAME, GivenKeys, KeyFile, SecretKeys, key_of, keys_of

CHECKOUT = Path(__file__).resolve().parent.parent
PREFIX: Final = "WORKBENCH_"
LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")


class Settings(BaseSettings):
    """One field a variable; docs/reference/settings.md lists them and a test compares."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    allowed_hosts: Annotated[tuple[HostName, ...], BeforeValidator(parts), NoDecode] = Field(
        (),
        description="Names under which this server is reached, with commas between; "
        "`*.example.org` stands for all below it.",
    )
    cors_origins: Annotated[tuple[Origin, ...], BeforeValidator(parts), NoDecode] = Field(
        (), description="Origins whose pages may use the API with a token, with commas between."
    )
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[A-Za-z0-9._:\[\]-]+(/[A-Za-z0-9._~-]+)*$",
        description="Where this server is reached from outside: providers can call it there, and "
        "links to download by lead there; unset: none is asked to, and links are paths.",
    )
    data_dir: Path = Field(
        CHECKOUT / ".workbench",
        description="Where the SQLite database, the spool of local runs and the token file are.",
    )
    database_url: SecretStr | None = Field(
        None, description="`postgresql+asyncpg://...`; unset: SQLite in the data directory."
    )
    bus_url: SecretStr | None = Field(
        None,
        description="`redis://...` or `postgres`; unset: memory on SQLite, `postgres` otherwise.",
    )
    bootstrap_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="The first administrator's token; unset: made at first start, in a file.",
    )
    oidc_issuer: Annotated[str | None, AfterValidator(issuer_url)] = Field(
        None, description="URL of the OpenID Connect issuer whose JWTs let in; unset: none do."
    )
    oidc_audience: str | None = Field(
        None,
        min_length=1,
        description="What a JWT has to be for, by its `aud`; wanted where there is an issuer.",
    )
    oidc_claim: str = Field(
        "groups",
        min_length=1,
        description="Claim of a JWT that holds its groups; dots lead into objects.",
    )
    oidc_roles: Annotated[Mapping[str, GroupRights] | None, NoDecode, PlainValidator(rights)] = (
        Field(None, description="What each group may do here, as JSON.")
    )
    project_root: Path = Field(
        Path(), description="Folder of the project `default`, made at first start."
    )
    manifests: Path | None = Field(
        None, description="Folder of manifests of your own; each `.toml` in it is a provider."
    )
    log_format: Literal["console", "json"] = Field("console", description="How the server logs.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="What the server logs, from this level up."
    )
    provider_concurrency: int = Field(
        64, ge=1, le=10_000, description="Runs that may be active on one provider at once."
    )
    project_concurrency: int = Field(
        32, ge=1, le=10_000, description="Runs that may be active in one project at once."
    )
    queue_max: int = Field(10_000, ge=1, description="Runs that may be queued; more are refused.")
    disabled_features: Annotated[frozenset[FeatureFlag], BeforeValidator(flags), NoDecode] = Field(
        frozenset(),
        description="Features that are off in every project, with commas between: `connectors`, "
        "`orchestration`, `sdk_steps`.",
    )
    run_timeout_ms: int = Field(
        3_600_000, ge=1, description="Time limit of a run that names none, in milliseconds."
    )
    run_output_bytes_max: int = Field(
        256 * 1024 * 1024, ge=1024, description="Output kept of one run; more ends it."
    )
    artifacts_url: str | None = Field(
        None,
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{2,62}(/.*)?$",
        description="`s3://bucket/folder` to keep artifacts in; unset: the data directory.",
    )
    artifact_bytes_max: int = Field(
        100 * 1024 * 1024, ge=1, description="Bytes of an artifact; larger ones are not kept."
    )
    run_artifacts_max: int = Field(1000, ge=1, le=10_000, description="Artifacts kept of one run.")
    run_artifact_bytes_max: int = Field(
        1024 * 1024 * 1024, ge=1, description="Bytes of all artifacts kept of one run."
    )
    cancel_grace_s: float = Field(
        5.0, gt=0, le=300, description="Seconds from the polite signal to the deadly one."
    )
    lease_s: float = Field(
        15.0, ge=1, le=600, description="Seconds after which a silent node's work is taken over."
    )
    poll_s: float = Field(
        5.0, gt=0, le=60, description="Seconds that a lost wake-up costs at the most."
    )
    send_timeout_s: float = Field(
        10.0,
        gt=0,
        le=300,
        description="Seconds after which a client that stops reading is cut off.",
    )
    request_bytes_max: int = Field(
        1024 * 1024, ge=1024, description="Largest request body, in bytes."
    )
    frame_bytes_max: int = Field(
        256 * 1024, ge=1024, description="Largest WebSocket message from a client, in bytes."
    )
    init_timeout_s: float = Field(
        5.0,
        gt=0,
        le=60,
        description="Seconds in which a socket has to sign in, and a request's head to arrive.",
    )
    idle_timeout_s: float = Field(
        900.0, gt=0, description="Seconds after which a socket without an operation is closed."
    )
    unsigned_sockets: int = Field(
        1000, ge=1, description="Sockets that may be open without having signed in."
    )
    unsigned_sockets_per_address: int = Field(500, ge=1, description="The same from one address.")
    principal_connections: int = Field(
        1000, ge=1, description="Sockets and event streams that a principal may have open."
    )
    socket_operations: int = Field(
        100, ge=1, description="Operations that a socket may have at once."
    )
    query_bytes_max: int = Field(
        64 * 1024, ge=1024, description="Largest GraphQL document, in bytes."
    )
    query_tokens_max: int = Field(4000, ge=100, description="Tokens of a GraphQL document.")
    query_depth_max: int = Field(
        20, ge=5, le=50, description="Levels of fields; introspection has a bound of its own."
    )
    query_fields_max: int = Field(
        1000, ge=100, description="Fields of an operation, with its fragments written out."
    )
    query_root_fields_max: int = Field(20, ge=1, description="Root fields of an operation.")
    query_aliases_max: int = Field(
        100, ge=1, description="Aliases of an operation, with its fragments written out."
    )
    query_directives_max: int = Field(
        100, ge=1, description="Directives of an operation, with its fragments written out."
    )
    query_cost_max: int = Field(25_000, ge=2000, description="Points that one operation may cost.")
    cost_per_minute: int = Field(
        10_000_000, ge=2000, description="Points that one token may spend a minute on this server."
    )
    introspection: bool = Field(
        default=True, description="Whether a viewer may ask for the schema, as GraphiQL does."
    )
    suggestions: bool = Field(
        default=False, description='Whether errors guess at names: "Did you mean ...?"'
    )
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode, PlainValidator(keys_of)] = Field(
        (),
        description="Keys that credentials are sealed with, with commas between: the first seals, "
        "all open; unset: a file in the data directory on SQLite, and none on PostgreSQL.",
    )
    provider_check_s: float = Field(
        900.0, gt=0, le=86_400, description="Seconds after which credentials are tried again."
    )
    audit_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Secret that the key is made of which signs the audit log; unset: a file in "
        "the data directory. Several servers on one database need the same.",
    )
    audit_attest_entries: int = Field(
        1000, ge=1, description="Entries of a chain after which the audit log is signed."
    )
    audit_attest_s: float = Field(
        300.0, gt=0, le=86_400, description="Seconds after which what is new is signed anyhow."
    )
    shutdown_s: int = Field(
        5, ge=1, le=60, description="Seconds that open connections get when the server stops."
    )

    @field_validator("oidc_audience")
    @classmethod
    def _has_audience(cls, audience: str | None, info: ValidationInfo) -> str | None:
        """Else the tokens that an issuer makes for somebody else would let in here."""
        if audience is None and info.data.get("oidc_issuer") is not None:
            raise ValueError("is wanted with WORKBENCH_OIDC_ISSUER")
        return audience

    @property
    def store_url(self) -> str:
        """The database's URL, whichever it is."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{DataDirectory(self.data_dir.resolve()).database}"

    @property
    def issuer(self) -> Issuer | None:
        """Who vouches for people besides this server."""
        if self.oidc_issuer is None or self.oidc_audience is None:
            return None
        return Issuer(url=self.oidc_issuer, audience=self.oidc_audience, groups_in=self.oidc_claim)

    @property
    def store_name(self) -> str:
        """The database as an operator may read it: its path, or its place without a password."""
        parts = urlsplit(self.store_url)
        place = parts.path[1:] if self.is_sqlite else parts.netloc.rpartition("@")[2] + parts.path
        return place if self.is_sqlite else f"postgresql://{place}"

    @property
    def is_sqlite(self) -> bool:
        return self.store_url.startswith("sqlite")

    @property
    def private_paths(self) -> tuple[Path, ...]:
        """What no run in a sandbox is to see, wherever it lies."""
        if not self.is_sqlite:
            return (self.data_dir,)
        # What SQLite has not written into the database yet lies beside it.
        return (self.data_dir, *(Path(self.store_name + end) for end in ("", "-wal", "-shm")))

    @property
    def sealing_keys(self) -> SecretKeys:
        """What seals credentials. A file is no place that servers on several machines share."""
        if self.secret_keys or not self.is_sqlite:
            return GivenKeys(tuple(key_of(key.get_secret_value()) for key in self.secret_keys))
        return KeyFile(self.data_dir / FILE_NAME)

    @property
    def base_url(self) -> str:
        """Where a browser on this machine finds the server."""
        return f"http://{self._host_name}:{self.port}"

    @property
    def trusted_hosts(self) -> list[str]:
        """What the Host header may say. A name that we do not know may be one that somebody has
        made lead here, to let their page read what our own pages read (DNS rebinding)."""
        return [*LOOPBACK, self._host_name.lower(), *self.allowed_hosts]

    @property
    def _host_name(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def connection_limits(self) -> ConnectionLimits:
        """The bounds on what stays connected."""
        return ConnectionLimits(
            principal_connections=self.principal_connections,
            socket_operations=self.socket_operations,
            unsigned_sockets=self.unsigned_sockets,
            unsigned_sockets_per_address=self.unsigned_sockets_per_address,
            init_timeout_s=self.init_timeout_s,
            idle_timeout_s=self.idle_timeout_s,
        )

    @property
    def document_limits(self) -> DocumentLimits:
        """The bounds on a GraphQL document. One that costs more than a minute's allowance would be
        told to wait for ever."""
        return DocumentLimits(
            bytes_max=self.query_bytes_max,
            tokens_max=self.query_tokens_max,
            depth_max=self.query_depth_max,
            fields_max=self.query_fields_max,
            root_fields_max=self.query_root_fields_max,
            aliases_max=self.query_aliases_max,
            directives_max=self.query_directives_max,
            cost_max=min(self.query_cost_max, self.cost_per_minute),
            has_introspection=self.introspection,
            has_suggestions=self.suggestions,
        )

    def at_port(self, port: int) -> "Settings":
        """The same with the port that was really taken."""
        return self.model_copy(update={"port": port})

    @property
    def run_limits(self) -> RunLimits:
        return RunLimits(
            timeout_ms_default=self.run_timeout_ms,
            output_bytes_max=self.run_output_bytes_max,
            queue_max=self.queue_max,
        )

    @property
    def artifact_limits(self) -> ArtifactLimits:
        return ArtifactLimits(
            file_bytes_max=self.artifact_bytes_max,
            files_max=self.run_artifacts_max,
            run_bytes_max=self.run_artifact_bytes_max,
        )

    @property
    def concurrency(self) -> ConcurrencyLimits:
        return ConcurrencyLimits(
            per_provider=self.provider_concurrency, per_project=self.project_concurrency
        )

    @property
    def secret_texts(self) -> frozenset[str]:
        """What must never turn up in a log line: tokens, keys, and the passwords of URLs."""
        urls = [url.get_secret_value() for url in (self.database_url, self.bus_url) if url]
        passwords = {urlsplit(url).password for url in urls}
        texts = (self.bootstrap_token, self.audit_key, *self.secret_keys)
        given = {text.get_secret_value() for text in texts if text}
        return frozenset(text for text in passwords | given if text)

    @property
    def wake_url(self) -> str | None:
        """Where wake-ups go; None means no further than this process."""
        url = self.bus_url.get_secret_value() if self.bus_url else None
        if url == "postgres" or (url is None and not self.is_sqlite):
            return self.store_url.replace("postgresql+asyncpg://", "postgresql://")
        return url
