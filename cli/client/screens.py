"""What the displays of runs and of workflow runs share: coming onto a screen, and off it again."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Final, Protocol, Self, TextIO, TypeVar

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from cli.client.escaping import printable

LOOKS: Final = {
    "PENDING": ("·", "dim"),
    "QUEUED": ("·", "cyan"),
    "BLOCKED": ("?", "yellow"),
    "RUNNING": ("▶", "blue"),
    "PAUSED": ("=", "yellow"),
    "SUCCEEDED": ("✓", "green"),
    "FAILED": ("✗", "red"),
    "SKIPPED": ("-", "dim"),
    "CANCELED": ("■", "yellow"),
}
"""Mark and style of each state."""

Told_contra = TypeVar("Told_contra", contravariant=True)
End_contra = TypeVar("End_contra", contravariant=True)


class Display(Protocol[Told_contra, End_contra]):
    """Shows one run, or one workflow run. A context manager: what it has put on the screen it takes
    off again."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def show(self, told: Told_contra) -> None:
        """What has happened. May block for as long as nobody reads."""

    def say(self, text: str) -> None:
        """Something else that a person wants to know."""

    def broke(self) -> None:
        """The connection is lost; nothing else is."""

    def ended(self, end: End_contra) -> None:
        """The last thing shown."""


class Lines:
    """For files, pipes and other programs: each notice is a line, and nothing stays behind."""

    def __init__(self, out: TextIO, *, before: str = "") -> None:
        self._out = out
        self._before = before

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing stays behind."""

    def say(self, text: str) -> None:
        self._out.write(f"{self._before}{printable(text)}\n")
        self._out.flush()


class Living(ABC):
    """On a terminal: a picture that is redrawn four times a second, below what scrolls by."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(
            self, console=console, transient=True, redirect_stdout=False, redirect_stderr=False
        )

    def __rich__(self) -> RenderableType:
        return self.picture()

    @abstractmethod
    def picture(self) -> RenderableType:
        """As it is now."""

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

    def say(self, text: str) -> None:
        self._console.print(Text(printable(text), style="italic yellow"), soft_wrap=True)

    def close(self, state: str, summary: str, *above: RenderableType) -> None:
        """The picture goes, and what is left of it is written in its place."""
        self._live.stop()
        for each in above:
            self._console.print(each)
        self._console.print(Text(summary, style=f"bold {style_of(state)}"), soft_wrap=True)


def style_of(state: str) -> str:
    """None in particular for a state of a later server."""
    return LOOKS.get(state, ("", ""))[1]


def duration(milliseconds: int) -> str:
    """`1.25 s`, `2:05` or `1:02:05`."""
    seconds = milliseconds // 1000
    if seconds < 60:  # noqa: PLR2004 - of a minute
        return f"{milliseconds / 1000:.2f} s"
    hours, minutes = seconds // 3600, seconds // 60 % 60
    clock = f"{minutes:02}:{seconds % 60:02}"
    return f"{hours}:{clock}" if hours else clock
