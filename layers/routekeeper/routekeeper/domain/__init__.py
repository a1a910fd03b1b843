"""Decisions: pure functions on frozen values. No clock, no environment, no network; standard library only.

Instants are seconds since the Unix epoch in UTC as floats and end in `_at`; durations end in `_seconds`.
"""
