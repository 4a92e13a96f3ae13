"""The terminal's side of the API: a client that knows the server by its GraphQL alone."""
