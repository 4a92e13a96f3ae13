"""A graph that echoes, waits, asks or fails, as it is told."""

import asyncio
from typing import Any

from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import interrupt


async def work(state: MessagesState) -> dict[str, Any]:
    text = str(state["messages"][-1].content)
    if text == "sleep":
        await asyncio.sleep(300)
    if text == "fail":
        raise RuntimeError("told to fail")
    if text == "ask":
        return {"messages": [("ai", f"painted it {interrupt('Which colour?')}")]}
    return {"messages": [("ai", f"echo {text}")]}


drawing = StateGraph(MessagesState)
drawing.add_node("work", work)
drawing.add_edge(START, "work")
drawing.add_edge("work", END)
graph = drawing.compile()
