"""Workflows of GitHub Actions, dispatched and followed over its REST API."""
