"""Runs commands on this machine through a supervisor that outlives the server.

Empty on purpose: the supervisor imports this package without a site directory and must stay light.
"""
