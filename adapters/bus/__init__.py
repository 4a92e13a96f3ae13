"""Our backends of broadcaster: its own lose messages and never come back from a lost connection."""
