"""Secrets are taken out of text once, before anything stores or publishes it."""
