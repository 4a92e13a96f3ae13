"""Agents that speak the Agent2Agent protocol 1.0, by its REST binding."""
