"""What the template tells the functions."""

from __future__ import annotations

import pytest

from routekeeper.bootstrap.environment import Environment
from routekeeper.domain.errors import ConfigurationError


@pytest.mark.parametrize("held", [{}, {"ROUTEKEEPER_TABLE": ""}])
def test_a_missing_variable_is_named_with_who_sets_it(held: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=r"ROUTEKEEPER_TABLE is not set; template\.yaml sets it"):
        _ = Environment(held).table
