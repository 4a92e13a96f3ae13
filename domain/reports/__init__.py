"""The report of a workflow run: what it says, and how it is written in each format. Pure."""
