"""What an input may look like, before anything is looked up. Pure; raises InvalidInput."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from domain.errors import InvalidInput
from domain.limits import (
    ARGUMENT_BYTES_MAX,
    ARTIFACT_GLOBS_MAX,
    COMMAND_ARGUMENTS_MAX,
    COMMAND_BYTES_MAX,
    CPU_S,
    GLOB_CHARACTERS_MAX,
    IDEMPOTENCY_KEY_CHARACTERS_MAX,
    MEMORY_BYTES,
    NAME_CHARACTERS_MAX,
    OPEN_FILES,
    PROCESSES,
    PROMPT_BYTES_MAX,
    REASON_CHARACTERS_MAX,
    SLUG_CHARACTERS_MAX,
    TIMEOUT_MS_MAX,
    TOOL_SCOPES_MAX,
)
from domain.models.commands import LaunchRun
from domain.models.runs import Budget
from domain.models.sandbox import SandboxSettings


def check_launch(command: LaunchRun) -> None:
    """Refuse what can never be launched, with the path of the field that is wrong."""
    if (command.command is None) == (command.prompt is None):
        raise InvalidInput("Give exactly one of command and prompt.", "command")
    if command.command is not None:
        check_command(command.command)
    if command.prompt is not None:
        check_prompt(command.prompt)
    check_timeout(command.timeout_ms)
    check_text(command.reason, REASON_CHARACTERS_MAX, "reason")
    if command.break_glass and not (command.reason or "").strip():
        raise InvalidInput("Say why the policy is to be set aside.", "reason")
    check_text(command.cwd, ARGUMENT_BYTES_MAX, "cwd")
    check_globs(command.artifacts)
    check_key(command.idempotency_key)
    check_text(command.feature, SLUG_CHARACTERS_MAX, "feature")
    if command.budget is not None:
        check_budget(command.budget)
    if len(command.tool_scopes) > TOOL_SCOPES_MAX:
        raise InvalidInput(f"More than {TOOL_SCOPES_MAX} tool scopes.", "toolScopes")
    for index, scope in enumerate(command.tool_scopes):
        check_text(scope, REASON_CHARACTERS_MAX, "toolScopes", str(index))


def check_command(command: tuple[str, ...]) -> None:
    """An argv that the system can start: some program, no NUL, not too long."""
    if not command or not command[0].strip():
        raise InvalidInput("The command names no program.", "command")
    if len(command) > COMMAND_ARGUMENTS_MAX:
        raise InvalidInput(f"More than {COMMAND_ARGUMENTS_MAX} arguments.", "command")
    sizes = [_byte_count(argument, "command", str(i)) for i, argument in enumerate(command)]
    for index, size in enumerate(sizes):
        if size > ARGUMENT_BYTES_MAX:
            message = f"An argument has {size} bytes; {ARGUMENT_BYTES_MAX} are the most."
            raise InvalidInput(message, "command", str(index))
    if sum(sizes) > COMMAND_BYTES_MAX:
        raise InvalidInput(f"The command has over {COMMAND_BYTES_MAX} bytes.", "command")


def check_prompt(prompt: str) -> None:
    """Some text, not too long."""
    if not prompt.strip():
        raise InvalidInput("The prompt is empty.", "prompt")
    if _byte_count(prompt, "prompt") > PROMPT_BYTES_MAX:
        raise InvalidInput(f"The prompt has over {PROMPT_BYTES_MAX} bytes.", "prompt")


def check_budget(budget: Budget) -> None:
    """Of either, some or no limit."""
    for name, most in (("costCents", budget.cost_cents), ("tokens", budget.tokens)):
        if most is not None and most < 0:
            raise InvalidInput("A budget is not less than nothing.", "budget", name)


def check_timeout(timeout_ms: int | None) -> None:
    """At least a millisecond, at most a week."""
    if timeout_ms is not None and not 1 <= timeout_ms <= TIMEOUT_MS_MAX:
        raise InvalidInput(f"timeoutMs must be from 1 to {TIMEOUT_MS_MAX}.", "timeoutMs")


def check_key(key: str | None) -> None:
    """An idempotency key, if there is one, is no empty text."""
    if key is not None and not key.strip():
        raise InvalidInput("The idempotency key is empty.", "idempotencyKey")
    check_text(key, IDEMPOTENCY_KEY_CHARACTERS_MAX, "idempotencyKey")


def check_name(name: str, *path: str) -> None:
    """What people call a principal or a token: something to see, and nothing else in it."""
    if not name or name != name.strip() or not name.isprintable():
        message = "A name has visible characters, and spaces only between them."
        raise InvalidInput(message, *path)
    if len(name) > NAME_CHARACTERS_MAX:
        raise InvalidInput(f"A name has at most {NAME_CHARACTERS_MAX} characters.", *path)


def check_globs(globs: tuple[str, ...]) -> None:
    """Globs of files inside the workspace: whatever they match lies in it."""
    if len(globs) > ARTIFACT_GLOBS_MAX:
        raise InvalidInput(f"More than {ARTIFACT_GLOBS_MAX} globs.", "artifacts")
    for index, glob in enumerate(globs):
        check_text(glob, GLOB_CHARACTERS_MAX, "artifacts", str(index))
        if not glob.strip():
            raise InvalidInput("The glob is empty.", "artifacts", str(index))
        if glob.startswith("/") or ".." in glob.split("/"):
            message = "The glob leads out of the workspace; it is relative to the project's root."
            raise InvalidInput(message, "artifacts", str(index))


def check_sandbox(sandbox: SandboxSettings, *path: str) -> None:
    """Limits that a machine can hold; `path` leads to the settings of the sandbox."""
    limits = {
        "cpuMs": (sandbox.cpu_s, CPU_S),
        "memoryMib": (sandbox.memory_bytes, MEMORY_BYTES),
        "processes": (sandbox.processes, PROCESSES),
        "openFiles": (sandbox.open_files, OPEN_FILES),
    }
    for name, (limit, (least, most)) in limits.items():
        if limit is not None and not least <= limit <= most:
            raise InvalidInput(f"{name} is out of its bounds.", *path, name)
    if sandbox.processes is not None and not sandbox.is_required:
        # Outside, the kernel would count every process of the server's user.
        message = "Processes can be counted in a sandbox only; require it."
        raise InvalidInput(message, *path, "processes")


def check_text(text: str | None, most: int, *path: str) -> None:
    """Free text that can be stored: not too long, no NUL, no broken Unicode."""
    if text is None:
        return
    if len(text) > most:
        raise InvalidInput(f"The text is longer than {most} characters.", *path)
    _byte_count(text, *path)


def is_private_place(url: str) -> bool:
    """Whether what is said to this URL stays between us and it: TLS, or this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_here = host == "localhost" or (parts.scheme == "http" and ip_address(host).is_loopback)
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_here))


def _byte_count(text: str, *path: str) -> int:
    if "\0" in text:
        raise InvalidInput("A NUL character cannot be passed on.", *path)
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise InvalidInput("The text is not valid Unicode.", *path) from None
