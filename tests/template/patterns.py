"""Event patterns, of EventBridge and of Lambda's event filtering alike, as far as the template uses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def matches(pattern: Any, event: Any) -> bool:
    if isinstance(pattern, dict):
        return all(isinstance(event, Mapping) and matches(rule, event.get(key)) for key, rule in pattern.items())
    return any(
        isinstance(event, str) and event.startswith(rule["prefix"]) if isinstance(rule, dict) else event == rule
        for rule in pattern
    )
