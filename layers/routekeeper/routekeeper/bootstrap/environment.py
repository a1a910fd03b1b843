"""What the template tells the functions through their environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from routekeeper.domain.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Environment:
    """Every property raises ConfigurationError if its variable is not set."""

    variables: Mapping[str, str]

    @property
    def table(self) -> str:
        return self._need("ROUTEKEEPER_TABLE")

    @property
    def deployment(self) -> str:
        return self._need("ROUTEKEEPER_DEPLOYMENT")

    @property
    def vantage(self) -> str:
        return self._need("ROUTEKEEPER_VANTAGE")

    @property
    def vantages(self) -> tuple[str, ...]:
        """Every vantage of the deployment."""
        return tuple(self._need("ROUTEKEEPER_VANTAGES").split(","))

    @property
    def topic_arn(self) -> str:
        return self._need("ROUTEKEEPER_TOPIC_ARN")

    def _need(self, name: str) -> str:
        value = self.variables.get(name)
        if not value:
            raise ConfigurationError(f"environment variable {name} is not set; template.yaml sets it")
        return value
