"""The command `routekeeper`: what a person runs. It imports the package; nothing in the package imports it.

Why: docs/decisions/a-wing-for-each-place.md
"""
