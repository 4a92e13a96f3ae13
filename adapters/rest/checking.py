"""What no schema can say of a manifest: that its parts name each other rightly, that secrets stay
where they belong, and that every status has a meaning."""

import itertools
import math
from collections.abc import Iterator
from typing import Any, Final

from adapters.rest.faults import Fault
from adapters.rest.manifest import (
    AuthKind,
    LogMode,
    Logs,
    Manifest,
    Operation,
    Status,
    WebhookScheme,
)
from adapters.rest.templates import has_malformed, places
from domain.models.providers import ProviderSignal

RUN_NAMES: Final = frozenset(
    {
        "id", "uuid", "text", "prompt", "command", "command_line", "cwd", "timeout_s",
        "timeout_ms", "timeout_min", "reason", "answer", "token",
    }
)  # fmt: skip
ABSENT: Final = "(none)"
COMBINATIONS_MAX: Final = 10_000


def check(manifest: Manifest) -> list[Fault]:
    """All faults."""
    checks = (_connections, _operations, _sequences, _lookup, _status, _logs, _webhook, _texts)
    return [fault for part in checks for fault in part(manifest)]


def _connections(manifest: Manifest) -> Iterator[Fault]:
    auth = manifest.auth
    needs_name = {AuthKind.HEADER, AuthKind.QUERY, AuthKind.HMAC_SHA256}
    if auth.kind is not AuthKind.NONE and auth.secret not in manifest.credentials:
        yield Fault("auth.secret", f"{auth.secret} is none of the credentials")
    if auth.kind in needs_name and not auth.name:
        yield Fault("auth.name", f"is needed for {auth.kind}")
    for name in manifest.config_required:
        if name not in manifest.config:
            yield Fault("config_required", f"{name} is not in config")
    for name in manifest.credentials.keys() & manifest.config.keys():
        yield Fault(f"config.{name}", "is a credential; what is secret is no setting")
    if "{{" not in manifest.base_url and not manifest.allowed_hosts:
        yield Fault("allowed_hosts", "names the host of the base URL")


def _operations(manifest: Manifest) -> Iterator[Fault]:
    used = [(path, name) for path, names in _steps(manifest) for name in names]
    for path, name in used:
        if name not in manifest.ops:
            yield Fault(path, f"{name} is none of the ops")
    for name in manifest.ops.keys() - {name for _, name in used}:
        yield Fault(f"ops.{name}", "is never used")
    for name, op in manifest.ops.items():
        for required in op.require:
            if required not in op.extract:
                yield Fault(f"ops.{name}.require", f"{required} is not extracted")
        if op.idempotency and len(op.idempotency.model_fields_set) != 1:
            yield Fault(f"ops.{name}.idempotency", "is one of header, field and own_id")


def _steps(manifest: Manifest) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every place that names operations."""
    yield "dispatch.steps", manifest.dispatch.steps
    yield "status.steps", manifest.status.steps
    yield "status.question_steps", manifest.status.question_steps
    for name in ("cancel", "resume", "health"):
        sequence = getattr(manifest, name)
        if sequence is not None:
            yield f"{name}.steps", sequence.steps
    for name in ("lookup", "logs", "artifacts"):
        part = getattr(manifest, name)
        if part is not None and part.op is not None:
            yield f"{name}.op", (part.op,)
    if manifest.artifacts is not None and manifest.artifacts.content is not None:
        yield "artifacts.content", (manifest.artifacts.content,)
    if manifest.lookup is not None and manifest.lookup.memory is not None:
        yield "lookup.memory.op", (manifest.lookup.memory.op,)


def _sequences(manifest: Manifest) -> Iterator[Fault]:
    """Each step sees what is known of a run, and what those before it have found."""
    for path, names in _steps(manifest):
        known = _known(path, manifest)
        for name in names:
            op = manifest.ops.get(name)
            if op is None:
                continue
            yield from _unknown_refs(f"ops.{name}", op, known)
            known |= op.extract.keys()
        if path == "dispatch.steps":
            for name in manifest.dispatch.ref:
                if name not in known:
                    yield Fault("dispatch.ref", f"{name} is found by none of the steps")


def _known(path: str, manifest: Manifest) -> set[str]:
    """Names in `ref` before the first of the steps that stand there."""
    if path in {"dispatch.steps", "lookup.op", "lookup.memory.op", "health.steps"}:
        return set()
    listed = {"artifact"} if path == "artifacts.content" else set()
    return {*manifest.dispatch.ref, *listed}


def _unknown_refs(path: str, op: Operation, known: set[str]) -> Iterator[Fault]:
    for name in places([op.path, op.query, op.headers, op.body or {}]):
        root, _, rest = name.partition(".")
        if root == "ref" and rest.split(".")[0] not in known:
            yield Fault(path, f"{name} is not known when this is asked")


def _lookup(manifest: Manifest) -> Iterator[Fault]:
    lookup = manifest.lookup
    op = None if lookup is None else manifest.ops.get(lookup.op)
    if lookup is None or op is None:
        return
    found = set(lookup.ref) if lookup.items else op.extract.keys() | lookup.ref.keys()
    for name in manifest.dispatch.ref:
        if name not in found:
            yield Fault("lookup", f"does not find {name}")
    memory = None if lookup.memory is None else manifest.ops.get(lookup.memory.op)
    if lookup.memory and memory and lookup.memory.since not in memory.extract:
        yield Fault("lookup.memory.since", f"{lookup.memory.since} is not found by its op")
    if lookup.items and not lookup.match:
        yield Fault("lookup.match", "says which of the items is the run")


def _status(manifest: Manifest) -> Iterator[Fault]:
    status = manifest.status
    if (status.assumed is None) == (not status.steps):
        yield Fault("status", "has either steps, or what is assumed")
    if status.assumed not in {None, ProviderSignal.SUCCEEDED}:
        yield Fault("status.assumed", "can be SUCCEEDED only: nobody would ever tell of an end")
    names = (*status.steps, *status.question_steps)
    steps = [manifest.ops[name] for name in names if name in manifest.ops]
    found = {name for op in steps for name in op.extract}
    for path, name in _status_names(status):
        if name not in found:
            yield Fault(path, f"{name} is found by none of the steps")
    yield from _not_covered(status)


def _status_names(status: Status) -> Iterator[tuple[str, str]]:
    for index, rule in enumerate(status.rules):
        yield from ((f"status.rules.{index}.when", name) for name in rule.when)
    for part in ("known", "raw", "message", "question", "same"):
        yield from ((f"status.{part}", name) for name in getattr(status, part))
    for part in ("exit_code", "ended_at", "outputs"):
        if getattr(status, part) is not None:
            yield f"status.{part}", getattr(status, part)
    for part in ("cost", "input_tokens", "output_tokens", "tokens"):
        if getattr(status.usage, part) is not None:
            yield f"status.usage.{part}", getattr(status.usage, part)


def _not_covered(status: Status) -> Iterator[Fault]:
    """Combinations of known values that no rule is for."""
    if not status.steps:
        return
    if not status.known:
        yield Fault("status.known", "names every value that the document does")
        return
    if math.prod(len(values) for values in status.known.values()) > COMBINATIONS_MAX:
        yield Fault("status.known", f"has more than {COMBINATIONS_MAX} combinations")
        return
    for combination in itertools.product(*status.known.values()):
        values = dict(zip(status.known, combination, strict=True))
        if not any(_is_for(rule.when, values) for rule in status.rules):
            told = ", ".join(f"{name}={value}" for name, value in values.items())
            yield Fault("status.rules", f"no rule is for {told}; UNKNOWN can be said in a rule")


def _is_for(when: dict[str, tuple[Any, ...]], values: dict[str, str]) -> bool:
    """Whether a rule fits, whatever the values are that the document does not name."""
    return all(name in values and values[name] in map(str, fits) for name, fits in when.items())


def _logs(manifest: Manifest) -> Iterator[Fault]:
    logs = manifest.logs
    if logs is None:
        return
    for name in _needed(logs):
        if not getattr(logs, name):
            yield Fault(f"logs.{name}", f"is needed for {logs.mode}")
    for name in _fitting(logs.mode):
        if getattr(logs, name):
            yield Fault(f"logs.{name}", f"says nothing for {logs.mode}")


def _needed(logs: Logs) -> tuple[str, ...]:
    needed = {
        LogMode.REPLACE: ("op",),
        LogMode.ITEMS: ("op", "items", "line"),
        LogMode.FILE: ("files", "folder"),
    }
    paged = ("token", "next") if logs.token or logs.next else ()
    return (*needed[logs.mode], *paged)


def _fitting(mode: LogMode) -> tuple[str, ...]:
    """What has no meaning in this mode."""
    of_files, of_items = ("files", "folder"), ("items", "line", "next", "token")
    strange = {
        LogMode.REPLACE: (*of_files, *of_items),
        LogMode.ITEMS: (*of_files, "text"),
        LogMode.FILE: (*of_items, "op", "text"),
    }
    return strange[mode]


def _webhook(manifest: Manifest) -> Iterator[Fault]:
    webhook = manifest.webhook
    if webhook is None:
        return
    if webhook.secret not in manifest.credentials:
        yield Fault("webhook.secret", f"{webhook.secret} is none of the credentials")
    if not manifest.dispatch.ref or set(webhook.ref) != set(manifest.dispatch.ref):
        yield Fault("webhook.ref", "has the names of dispatch.ref, which find the run again")
    is_standard = webhook.scheme is WebhookScheme.STANDARD
    if not is_standard and not webhook.header:
        yield Fault("webhook.header", f"is needed for {webhook.scheme}")
    for name in ("header", "prefix", "at") if is_standard else ():
        if getattr(webhook, name):
            yield Fault(f"webhook.{name}", f"says nothing for {webhook.scheme}")


def _texts(manifest: Manifest) -> Iterator[Fault]:
    """Places stand only where there is something to put in, and secrets nowhere."""
    for path, value, roots in _templates(manifest):
        if any(has_malformed(text) for text in _strings(value)):
            yield Fault(path, "has a place that is not like {{config.url}}")
        for name in places(value):
            root, _, rest = name.partition(".")
            if root not in roots:
                yield Fault(path, f"{name} cannot stand here, only {', '.join(roots)}")
            elif root == "config" and rest not in manifest.config:
                yield Fault(path, f"{name} is no setting")
            elif root == "run" and rest not in RUN_NAMES:
                yield Fault(path, f"{name} is nothing that a run has")


def _templates(manifest: Manifest) -> Iterator[tuple[str, Any, tuple[str, ...]]]:
    of_run = ("config", "run", "ref")
    yield "base_url", manifest.base_url, ("config",)
    yield "headers", manifest.headers, ("config", "run")
    yield "dispatch.web_url", manifest.dispatch.web_url or "", of_run
    for name, op in manifest.ops.items():
        yield f"ops.{name}", [op.path, op.query, op.headers, op.body or {}], of_run
    yield "status.same", manifest.status.same, ("run",)
    if manifest.lookup is not None:
        yield "lookup.match", manifest.lookup.match, ("run", "config")
        yield "lookup.ref", manifest.lookup.ref, ("item", "run")
    if manifest.logs is not None:
        yield "logs.line", manifest.logs.line, ("item",)
        yield "logs.files", manifest.logs.files, of_run
        yield "logs.folder", manifest.logs.folder or "", ("config",)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _strings(each)
