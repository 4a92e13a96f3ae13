"""Frozen values, one file a noun."""
