"""The laboratory: a local AWS and a real network in namespaces. Never deployed.

Why: docs/decisions/limits-of-the-laboratory.md
"""
