"""The terminal's client: it knows the server by its API alone, as any other program would."""
