"""What the subcommands of a program do, where they differ; the nearest row counts."""
