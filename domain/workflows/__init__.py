"""Workflow definitions: reading, checking, writing, and filling in the values of a run. Pure."""
