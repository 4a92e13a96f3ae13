"""`make bench`: measure everything, print the table, and put it into the documentation."""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks import (
    audit,
    audited,
    connectors,
    door,
    fan_out,
    latency,
    policy,
    reading,
    redaction,
    simulated,
    start,
    table,
    volume,
    workflows,
)
from benchmarks.scene import Scene
from benchmarks.table import Figure

MEASUREMENTS: Final[dict[str, Callable[[Scene], list[Figure]]]] = {
    "launch": latency.launch,
    "line": latency.line,
    "million": volume.million,
    "deliveries": fan_out.deliveries,
    "memory": fan_out.memory,
    "tail": reading.tail,
    "listing": reading.listing,
    "small": door.small,
    "nested": door.nested,
    "hostile": door.hostile,
    "approved": connectors.approved,
    "outage": connectors.outage,
    "polling": connectors.polling,
    "truth": simulated.truth,
    "steps": workflows.steps,
    "workflows": workflows.at_once,
    "graph": workflows.graph,
    "transitions": workflows.transitions,
    "restart": workflows.restart,
    "audit": audit.audit,
    "audited": audited.audited,
    "policy": policy.decisions,
    "redaction": redaction.redaction,
    "start": start.start,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("only", nargs="*", help=f"some of: {', '.join(MEASUREMENTS)}")
    parser.add_argument("--short", action="store_true", help="a tenth of the work, for a look")
    options = parser.parse_args()
    if unknown := set(options.only) - set(MEASUREMENTS):
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}")
    heading = f"Measured on {table.machine()}."
    print(heading, flush=True)
    figures = []
    for name in options.only or MEASUREMENTS:
        with tempfile.TemporaryDirectory(prefix="workbench-bench-") as folder:
            measured = MEASUREMENTS[name](Scene(folder=Path(folder), is_short=options.short))
        print(*(" | ".join(figure.cells) for figure in measured), sep="\n", flush=True)
        figures += measured
    text = f"{heading}\n\n{table.markdown(figures)}"
    if not (options.only or options.short):
        for page in table.PAGES:
            table.put(text, page)
            print(f"\nWritten to {page}")
    print(f"\n{text}")


if __name__ == "__main__":
    main()
