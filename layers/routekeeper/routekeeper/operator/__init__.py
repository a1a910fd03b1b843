"""The operator: a person's request, checked, recorded under the group's version, and answered."""

from __future__ import annotations

from routekeeper.operator.caller import Caller, caller_of
from routekeeper.operator.operator import Operator

__all__ = ["Caller", "Operator", "caller_of"]
