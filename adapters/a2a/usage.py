"""What an agent tells of costs and tokens, read where agents put it: the specification has no place
for it (docs/reference/usage.md)."""

from collections.abc import Mapping
from typing import Any, Final

from adapters.a2a.tasks import Task
from domain.models.usage import Usage
from domain.usage import usage_of

PLACES: Final = ("usage", "adk_usage_metadata")
"""Of metadata; the second is that of Google's Agent Development Kit."""
NAMES: Final = {
    "cost_usd": ("cost_usd", "costUsd", "total_cost_usd", "totalCostUsd"),
    "input_tokens": ("input_tokens", "inputTokens", "prompt_tokens", "promptTokenCount"),
    "output_tokens": ("output_tokens", "outputTokens", "completion_tokens", "candidatesTokenCount"),
    "tokens": ("total_tokens", "totalTokens", "totalTokenCount"),
}


def usage_in(task: Task) -> Usage | None:
    """The task's own word, else that of its newest message."""
    for metadata in task.metadata:
        for place in PLACES:
            told = metadata.get(place)
            if isinstance(told, dict) and (usage := _read(told)) is not None:
                return usage
    return None


def _read(told: Mapping[str, Any]) -> Usage | None:
    found = {
        ours: next((told[name] for name in names if name in told), None)
        for ours, names in NAMES.items()
    }
    return usage_of(**found)
