"""The outside world: providers, wake-ups over a bus, clock and ids. Siblings never meet."""
