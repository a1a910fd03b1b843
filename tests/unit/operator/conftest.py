"""What the tests of the operator start from."""

import pytest

from tests.unit.operator.desk import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()
