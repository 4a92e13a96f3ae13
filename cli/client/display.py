"""What a person sees of a run: lines as they come, and where the run stands.

On a terminal a status line stays below the output; elsewhere there is only text, with the run's
stdout and stderr on ours, so that pipes and files get what they would get without a workbench.
"""

from time import monotonic
from types import TracebackType
from typing import Final, Protocol, Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from cli.client.api import Ending, Happening, Noticed, Printed, StateChanged
from cli.client.escaping import printable

_STYLES: Final = {
    "QUEUED": "cyan",
    "BLOCKED": "yellow",
    "RUNNING": "blue",
    "SUCCEEDED": "green",
    "FAILED": "red",
    "CANCELED": "yellow",
}
BLOCKED: Final = "It is BLOCKED: it goes on when a person has decided."
_LINES_AT_ONCE: Final = 500


class Display(Protocol):
    """Shows one run. A context manager: what it has put on the screen it takes off again."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def show(self, happening: Happening) -> None:
        """May block for as long as nobody reads."""

    def broke(self) -> None:
        """The connection is lost; nothing else is."""

    def ended(self, ending: Ending) -> None:
        """The last thing shown."""


class Plain:
    """Text for files, pipes and other programs."""

    def __init__(self, run_id: str, stdout: TextIO, stderr: TextIO) -> None:
        self._run_id = run_id
        self._stdout = stdout
        self._stderr = stderr

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing stays behind."""

    def show(self, happening: Happening) -> None:
        match happening:
            case Printed(is_stderr=is_stderr, lines=lines):
                stream = self._stderr if is_stderr else self._stdout
                stream.write("".join(f"{printable(line)}\n" for line in lines))
                stream.flush()
            case StateChanged(state="BLOCKED"):
                self._say(BLOCKED)
            case Noticed(text=text):
                self._say(text)
            case StateChanged():
                pass  # the summary says it

    def broke(self) -> None:
        self._say("Connection lost, taking the log up again.")

    def ended(self, ending: Ending) -> None:
        self._say(summary(ending, self._run_id))

    def _say(self, text: str) -> None:
        self._stderr.write(f"workbench: {printable(text)}\n")
        self._stderr.flush()


class Terminal:
    """Lines scroll by above a status line that is redrawn four times a second."""

    def __init__(self, run_id: str, state: str, console: Console) -> None:
        self._run_id = run_id
        self._state = state
        self._console = console
        self._lines = 0
        self._is_connected = True
        self._began = monotonic()
        self._live = Live(
            console=console,
            get_renderable=self._status,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, happening: Happening) -> None:
        self._is_connected = True
        match happening:
            case Printed():
                self._print(happening)
            case StateChanged(state=state):
                self._state = state
                if state == "BLOCKED":
                    self._say(BLOCKED)
            case Noticed(text=text):
                self._say(text)

    def broke(self) -> None:
        self._is_connected = False

    def ended(self, ending: Ending) -> None:
        self._live.stop()
        text = Text(summary(ending, self._run_id), style=f"bold {_STYLES.get(ending.state, '')}")
        self._console.print(text, soft_wrap=True)

    def _print(self, printed: Printed) -> None:
        self._lines += len(printed.lines)
        for first in range(0, len(printed.lines), _LINES_AT_ONCE):
            shown = [
                _line(line, is_stderr=printed.is_stderr)
                for line in printed.lines[first : first + _LINES_AT_ONCE]
            ]
            self._console.print(Text("\n").join(shown), soft_wrap=True, highlight=False)

    def _say(self, text: str) -> None:
        self._console.print(Text(printable(text), style="italic yellow"), soft_wrap=True)

    def _status(self) -> Text:
        style = _STYLES.get(self._state, "")
        elapsed = duration(int((monotonic() - self._began) * 1000))
        parts = [f" {elapsed}", _count(self._lines), self._run_id]
        if not self._is_connected:
            parts.insert(0, " connection lost, trying again")
        state = (f" {self._state} ", f"bold reverse {style}")
        return Text.assemble(state, "  ".join(parts), no_wrap=True, overflow="ellipsis")


def summary(ending: Ending, run_id: str) -> str:
    """State, duration, exit code and reason on one line."""
    parts = [ending.state]
    if ending.duration_ms is not None:
        parts[0] += f" in {duration(ending.duration_ms)}"
    if ending.exit_code is not None:
        parts.append(f"exit code {ending.exit_code}")
    if ending.failure_code:
        parts.append(f"{ending.failure_code}: {ending.failure_message}")
    parts += [_count(ending.lines), f"run {run_id}"]
    return printable(", ".join(parts))


def duration(milliseconds: int) -> str:
    """`1.25 s`, `2:05` or `1:02:05`."""
    seconds = milliseconds // 1000
    if seconds < 60:  # noqa: PLR2004 - of a minute
        return f"{milliseconds / 1000:.2f} s"
    hours, minutes = seconds // 3600, seconds // 60 % 60
    clock = f"{minutes:02}:{seconds % 60:02}"
    return f"{hours}:{clock}" if hours else clock


def _line(line: str, *, is_stderr: bool) -> Text:
    text = Text.from_ansi(printable(line), end="")
    return Text.assemble(("! ", "bold red"), text, style="red") if is_stderr else text


def _count(lines: int) -> str:
    return "1 line" if lines == 1 else f"{lines} lines"
