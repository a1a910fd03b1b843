"""Part 4: how long a cold start takes, and what takes the time."""
