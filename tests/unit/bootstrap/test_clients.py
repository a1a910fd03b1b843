"""How long the functions wait for AWS."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from routekeeper.bootstrap.clients import IMPATIENT
from routekeeper.restarter import Restarter


def test_a_look_of_the_restarter_ends_before_the_deadline_even_if_both_of_its_calls_go_unanswered() -> None:
    client: Any = IMPATIENT
    (margin_seconds,) = (field.default for field in fields(Restarter) if field.name == "margin_seconds")
    assert margin_seconds >= 2 * (client.connect_timeout + client.read_timeout)
