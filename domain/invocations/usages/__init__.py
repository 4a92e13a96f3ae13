"""The options that are known, by program and subcommand; `domain.invocations.usage` reads a row."""
