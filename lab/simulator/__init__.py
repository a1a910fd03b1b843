"""The simulator: the real use cases in a seeded world under a virtual clock, held to the laws. Never deployed."""
