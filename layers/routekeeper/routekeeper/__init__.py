"""routekeeper: a failover controller for AWS routes."""

VERSION = "0.1.0"
"""As in pyproject.toml. Functions say it beside what they write, so that a deployment of two versions shows."""
