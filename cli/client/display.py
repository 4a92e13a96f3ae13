"""What a person sees of a run: lines as they come, and where the run stands.

On a terminal a status line stays below the output; elsewhere there is only text, with the run's
stdout and stderr on ours, so that pipes and files get what they would get without a workbench.
"""

from time import monotonic
from typing import Final, TextIO

from rich.console import Console
from rich.text import Text

from cli.client.api import Ending, Happening, Noticed, Printed, StateChanged
from cli.client.escaping import printable
from cli.client.screens import Lines, Living, duration, style_of

BLOCKED: Final = "It is BLOCKED: it goes on when a person has decided."
_LINES_AT_ONCE: Final = 500


class Plain(Lines):
    """Text for files, pipes and other programs; our own words go to stderr."""

    def __init__(self, run_id: str, stdout: TextIO, stderr: TextIO) -> None:
        super().__init__(stderr, before="workbench: ")
        self._run_id = run_id
        self._stdout = stdout
        self._stderr = stderr

    def show(self, happening: Happening) -> None:
        match happening:
            case Printed(is_stderr=is_stderr, lines=lines):
                stream = self._stderr if is_stderr else self._stdout
                stream.write("".join(f"{printable(line)}\n" for line in lines))
                stream.flush()
            case StateChanged(state="BLOCKED"):
                self.say(BLOCKED)
            case Noticed(text=text):
                self.say(text)
            case StateChanged():
                pass  # the summary says it

    def broke(self) -> None:
        self.say("Connection lost, taking the log up again.")

    def ended(self, ending: Ending) -> None:
        self.say(summary(ending, self._run_id))


class Terminal(Living):
    """Lines scroll by above a status line."""

    def __init__(self, run_id: str, state: str, console: Console) -> None:
        super().__init__(console)
        self._run_id = run_id
        self._state = state
        self._lines = 0
        self._is_connected = True
        self._began = monotonic()

    def show(self, happening: Happening) -> None:
        self._is_connected = True
        match happening:
            case Printed():
                self._print(happening)
            case StateChanged(state=state):
                self._state = state
                if state == "BLOCKED":
                    self.say(BLOCKED)
            case Noticed(text=text):
                self.say(text)

    def broke(self) -> None:
        self._is_connected = False

    def ended(self, ending: Ending) -> None:
        self.close(ending.state, summary(ending, self._run_id))

    def picture(self) -> Text:
        elapsed = duration(int((monotonic() - self._began) * 1000))
        parts = [f" {elapsed}", _count(self._lines), self._run_id]
        if not self._is_connected:
            parts.insert(0, " connection lost, trying again")
        state = (f" {self._state} ", f"bold reverse {style_of(self._state)}")
        return Text.assemble(state, "  ".join(parts), no_wrap=True, overflow="ellipsis")

    def _print(self, printed: Printed) -> None:
        self._lines += len(printed.lines)
        for first in range(0, len(printed.lines), _LINES_AT_ONCE):
            shown = [
                _line(line, is_stderr=printed.is_stderr)
                for line in printed.lines[first : first + _LINES_AT_ONCE]
            ]
            self._console.print(Text("\n").join(shown), soft_wrap=True, highlight=False)


def summary(ending: Ending, run_id: str) -> str:
    """State, duration, exit code and reason on one line."""
    parts = [ending.state]
    if ending.duration_ms is not None:
        parts[0] += f" in {duration(ending.duration_ms)}"
    if ending.exit_code is not None:
        parts.append(f"exit code {ending.exit_code}")
    is_told = ending.failure_code == "EXIT_NONZERO" and ending.exit_code is not None
    if ending.failure_code and not is_told:
        message = (ending.failure_message or "").removesuffix(".")
        parts.append(f"{ending.failure_code}: {message}")
    parts += [_count(ending.lines), f"run {run_id}"]
    return printable(", ".join(parts))


def _line(line: str, *, is_stderr: bool) -> Text:
    text = Text.from_ansi(printable(line), end="")
    return Text.assemble(("! ", "bold red"), text, style="red") if is_stderr else text


def _count(lines: int) -> str:
    return "1 line" if lines == 1 else f"{lines} lines"
