"""The `workbench` command: what works on the server's own records, and a client of its API."""
