"""Providers that speak REST, each described by one file."""
