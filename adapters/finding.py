"""Finding many texts at once, by the Aho-Corasick automaton of a library."""

from collections.abc import Sequence

from ahocorasick_rs import AhoCorasick, Implementation


class AutomatonFinder:
    """Implements domain.redaction.redactor.Finder. Its time depends on the text, not on how many
    texts it looks for."""

    def __init__(self, texts: Sequence[str]) -> None:
        # The contiguous one is made in a moment and stays small; a DFA of some thousand texts is
        # neither, and then slower as well since it fits no cache.
        self._automaton = AhoCorasick(
            texts, implementation=Implementation.ContiguousNFA, store_patterns=False
        )

    def places(self, text: str) -> Sequence[tuple[int, int]]:
        """See Finder. Half of a surrogate pair is no text and is read as a question mark."""
        try:
            found = self._automaton.find_matches_as_indexes(text, overlapping=True)
        except UnicodeEncodeError:
            text = text.encode("utf-8", "replace").decode()
            found = self._automaton.find_matches_as_indexes(text, overlapping=True)
        return [(index, start) for index, start, _ in found]
