"""The commands in shell text: all of them, whichever way the conditions go."""

import re
from typing import Final

from domain.invocations.grammar import (
    ASSIGNMENT,
    BLANK,
    BOMB,
    CLOSES,
    COMMENT,
    DUPLICATE,
    END_OF_TEST,
    IN,
    JOINING,
    KEYWORD,
    MODERN,
    NAME,
    ODD_ASSIGNMENT,
    OPENS,
    PLAIN_VALUE,
    PORTABLE_TIME,
    REDIRECTION,
    SEPARATOR,
    TEST,
)
from domain.invocations.here_documents import HereDocument, after
from domain.invocations.outputs import written_variable
from domain.invocations.quoting import Unreadable, WordReader
from domain.invocations.scripts import SUSPICIOUS, Command, Frame, Redirect, Script
from domain.invocations.words import Assigns, Word

COMMANDS_MAX: Final = 64
ROUNDS_MAX: Final = 64
DEPTH_MAX: Final = 12


def read_script(text: str, shell: str) -> Script:
    """Pure, and raises nothing: what was understood before the first doubt is kept."""
    reader = _ScriptReader(text, shell, [], 0)
    is_bomb = BOMB.search(text) is not None
    unread = None
    try:
        reader.read()
    except Unreadable as doubt:
        unread = str(doubt)
    return Script(commands=tuple(reader.commands), unread=unread, is_bomb=is_bomb)


class _ScriptReader(WordReader):
    def __init__(self, text: str, shell: str, commands: list[Command], depth: int) -> None:
        super().__init__(text)
        self.commands = commands
        self._shell = shell
        self._depth = depth
        self._open: list[Frame] = []
        self._documents: list[HereDocument] = []
        self._last: Command | None = None
        self._piped = False
        self._rounds = 0

    def read(self) -> None:
        if SUSPICIOUS.search(self.text):
            raise Unreadable("a character that nobody can see")
        self._run(0)
        if self._open or self._documents:
            raise Unreadable("something that is not closed")

    def inner(self, text: str) -> None:
        self._deeper()
        nested = _ScriptReader(text, self._shell, self.commands, self._depth)
        nested.bound = self.bound
        nested.read()
        self._depth -= 1

    def substitute(self) -> None:
        self._deeper()
        outer = self._last, self._piped
        self._last, self._piped = None, False
        self._open.append(Frame(")"))
        self._run(len(self._open))
        self._last, self._piped = outer
        self._depth -= 1

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise Unreadable("more nesting than is read")

    def _run(self, floor: int) -> None:
        """To the end of the text, or of the frame that makes `floor` of them."""
        while True:
            self._blanks()
            if self.position >= len(self.text):
                return
            character = self.text[self.position]
            if character == "(":
                self._group()
            elif character == ")":
                self._close(")")
                if floor and len(self._open) < floor:
                    return
            elif not self._separator():
                self._command()

    def _blanks(self) -> None:
        if found := BLANK.match(self.text, self.position):
            self.position = found.end()
        if found := COMMENT.match(self.text, self.position):
            self.position = found.end()

    def _lines(self) -> None:
        """Blanks and line ends, where a word has to come."""
        self._blanks()
        while self.text.startswith("\n", self.position):
            self._line_end()
            self._blanks()

    def _group(self) -> None:
        if self.text.startswith("((", self.position):
            raise Unreadable("arithmetic")
        self._open.append(Frame(")"))
        self._last, self._piped = None, False
        self.position += 1

    def _close(self, end: str) -> None:
        if not self._open or self._open[-1].end != end:
            raise Unreadable(f"{end} without a beginning")
        frame = self._open.pop()
        self.position += len(end)
        self._last, self._piped = None, False
        if frame.values:
            self._again(frame)
        elif frame.name:
            self.bound.pop(frame.name, None)

    def _again(self, frame: Frame) -> None:
        self._rounds += 1
        if self._rounds > ROUNDS_MAX:
            raise Unreadable("more rounds of a loop than are read")
        self.bound[frame.name] = frame.values[0]
        self._open.append(Frame(frame.end, frame.name, frame.values[1:], frame.body))
        self.position = frame.body

    def _separator(self) -> bool:
        found = SEPARATOR.match(self.text, self.position)
        if found is None or REDIRECTION.match(self.text, self.position):
            return False
        if found[0] == "\n":
            self._line_end()
        else:
            self.position = found.end()
        self._piped = found[0] == "|"
        if found[0].startswith((";;", ";&")):
            self._choice()
        return True

    def _line_end(self) -> None:
        self.position += 1
        for document in self._documents:
            self.position = after(document, self.text, self.position)
        self._documents.clear()

    def _choice(self) -> None:
        """The patterns before the commands of a case."""
        if not self._open or self._open[-1].end != "esac":
            raise Unreadable("a choice outside a case")
        self._lines()
        if KEYWORD.match(self.text, self.position) and self.text.startswith("esac", self.position):
            return
        self.position += self.text.startswith("(", self.position)
        while True:
            self._blanks()
            if self.word() is None:
                raise Unreadable("a case without a pattern")
            self._blanks()
            following = self.text[self.position : self.position + 1]
            self.position += 1
            if following == ")":
                return
            if following != "|":
                raise Unreadable("a case without a pattern")

    def _keyword(self) -> bool:
        found = KEYWORD.match(self.text, self.position)
        if found is None:
            return False
        word = found[0]
        if word in CLOSES:
            self._close(word)
            return True
        if word == "[[":
            return False
        self.position = found.end()
        self._last = None
        if word in OPENS:
            self._open.append(Frame(OPENS[word]))
        elif word == "for":
            self._loop()
        elif word == "case":
            self._case()
        else:
            self._plain_keyword(word)
        return True

    def _plain_keyword(self, word: str) -> None:
        if word in {"select", "function", "coproc"}:
            raise Unreadable(f"`{word}`")
        if word == "time":
            self._blanks()
            if PORTABLE_TIME.match(self.text, self.position):
                self.position += len("-p")

    def _case(self) -> None:
        self._blanks()
        if self.word() is None:
            raise Unreadable("a case without a word")
        self._lines()
        if IN.match(self.text, self.position) is None:
            raise Unreadable("a case without `in`")
        self.position += len("in")
        self._open.append(Frame("esac"))
        self._choice()

    def _loop(self) -> None:
        self._blanks()
        name = NAME.match(self.text, self.position)
        if name is None:
            raise Unreadable("a loop that computes")
        self.position = name.end()
        self._lines()
        values = self._values()
        frame = Frame("done", name[0], values, self.position)
        if values:
            self._again(frame)
        else:
            self.bound.pop(name[0], None)
            self._open.append(Frame("done"))

    def _values(self) -> tuple[str, ...]:
        """What a loop goes over, as far as that is plain; nothing where it is not."""
        if IN.match(self.text, self.position) is None:
            return ()
        self.position += len("in")
        words: list[Word] = []
        self._blanks()
        while (word := self.word()) is not None:
            words.append(word)
            self._blanks()
        known = all(word.exact and PLAIN_VALUE.fullmatch(word.text) for word in words)
        return tuple(word.text for word in words) if known else ()

    def _command(self) -> None:
        if self._keyword():
            return
        start = self.position
        if self._test():
            return
        assigns: list[Assigns] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        while self._part(assigns, words, redirects):
            self._blanks()
        following = self.text[self.position : self.position + 1]
        if self.position == start or following == "(":
            raise Unreadable("a function, an array or a pattern with parentheses")
        self._emit(
            Command(
                words=tuple(words),
                assigns=tuple(assigns),
                redirects=tuple(redirects),
                feeders=self._feeders(),
            )
        )

    def _part(self, assigns: list[Assigns], words: list[Word], redirects: list[Redirect]) -> bool:
        if found := REDIRECTION.match(self.text, self.position):
            self._redirection(found, redirects)
            return True
        if not words and ODD_ASSIGNMENT.match(self.text, self.position):
            raise Unreadable("an array or an addition to a variable")
        if not words and (found := ASSIGNMENT.match(self.text, self.position)):
            self.position = found.end()
            assigns.append(Assigns(found[1], self.word() or Word("")))
            return True
        word = self.word()
        if word is not None:
            words.append(word)
        return word is not None

    def _redirection(self, found: re.Match[str], redirects: list[Redirect]) -> None:
        operator = found[1] or found[2]
        if found[2] and self._shell not in JOINING:
            raise Unreadable("a redirection that shells read differently")
        self.position = found.end()
        self._blanks()
        start = self.position
        target = self.word()
        if target is None:
            raise Unreadable("a redirection to nowhere")
        if operator in {"<<", "<<-"}:
            quoted = any(mark in self.text[start : self.position] for mark in "'\"\\")
            self._documents.append(HereDocument(target.text, operator == "<<-", not quoted))
        elif operator == "<<<" or (operator in {">&", "<&"} and DUPLICATE.fullmatch(target.text)):
            return
        else:
            variable = written_variable(found[0], self.text[start : self.position])
            redirects.append(Redirect(target, operator not in {"<", "<&"}, variable))

    def _feeders(self) -> tuple[tuple[Word, ...], ...]:
        if not self._piped or self._last is None:
            return ()
        return (*self._last.feeders, self._last.words)

    def _emit(self, command: Command) -> None:
        rebound = {each.name for each in command.assigns} | {
            word.text.partition("=")[0] for word in command.words
        }
        if rebound & self.bound.keys():
            raise Unreadable("a loop that changes its own variable")
        self.commands.append(command)
        if len(self.commands) > COMMANDS_MAX:
            raise Unreadable("more commands than are read")
        self._last, self._piped = command, False

    def _test(self) -> bool:
        """`[[ .. ]]`: operators, and words that may hold substitutions."""
        if TEST.match(self.text, self.position) is None:
            return False
        if self._shell not in MODERN:
            raise Unreadable("`[[`, which this shell may not know")
        self.position += len("[[")
        words = [Word("[[")]
        while not END_OF_TEST.match(self.text, self.position):
            self._inside_test(words)
        self.position += len("]]")
        self._emit(Command(words=tuple(words)))
        return True

    def _inside_test(self, words: list[Word]) -> None:
        self._lines()
        if self.position >= len(self.text) or self.text.startswith(("<(", ">("), self.position):
            raise Unreadable("a test that is not closed")
        if END_OF_TEST.match(self.text, self.position):
            return
        word = self.word()
        if word is None:
            self.position += 1
        else:
            words.append(word)
