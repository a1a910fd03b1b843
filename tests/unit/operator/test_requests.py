"""Payloads: what is understood, and what is refused in which words."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routekeeper.domain.errors import RequestError
from routekeeper.domain.settings import Configuration
from routekeeper.operator.caller import NOBODY, Caller, caller_of
from routekeeper.operator.requests import ACTIONS, Failback, Failover, GroupRequest, History, HoldPath, Suspend, parse
from routekeeper_cli.config_file import load

ROOT = Path(__file__).parents[3]
NOW = 1_767_268_800.0  # 2026-01-01T12:00:00Z
CONFIGURATION: Configuration = load(ROOT / "config" / "failover.yaml")
PIN: dict[str, object] = {"action": "pin", "group": "on-premises", "by": "mia", "reason": "line work"}


def refusal(payload: object) -> tuple[str | None, str]:
    with pytest.raises(RequestError) as raised:
        parse(payload, CONFIGURATION, NOBODY, NOW)
    return raised.value.field, str(raised.value)


def wish(payload: dict[str, object]) -> Failover | Failback | HoldPath | Suspend:
    request = parse(payload, CONFIGURATION, NOBODY, NOW)
    assert isinstance(request, GroupRequest)
    assert isinstance(request.wish, Failover | Failback | HoldPath | Suspend)
    return request.wish


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_has_an_example_that_fits_the_shipped_configuration(action: str) -> None:
    payload = json.loads((ROOT / "events" / f"operator-{action}.json").read_text(encoding="utf-8"))
    assert payload["action"] == action
    parse(payload, CONFIGURATION, NOBODY, NOW)


def test_there_is_no_example_of_an_unknown_action() -> None:
    found = {path.stem.removeprefix("operator-") for path in (ROOT / "events").glob("operator-*.json")}
    assert found == set(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_described_for_people(action: str) -> None:
    assert f"## `{action}`" in (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("payload", "field", "says"),
    [
        ([], "the payload", "found a list, expected an object"),
        ("status", "the payload", "found 'status', expected an object"),
        (
            {},
            "action",
            (
                "found nothing, expected one of status, failover, failback, pin, unpin, pause, resume, acknowledge,"
                " history"
            ),
        ),
        ({"action": "stauts"}, "action", "found 'stauts', expected one of status"),
        ({"action": ["status"]}, "action", "found a list"),
        ({"action": "status", "gruop": "x"}, "gruop", "unknown key; status takes action, group"),
        (PIN | {"to": "vpn"}, "to", "unknown key; pin takes action, group, path, for"),
        (PIN | {"group": "idc"}, "group", "found 'idc', expected one of the configured groups: on-premises, private-a"),
        (PIN | {"group": None}, "group", "missing, expected one of the configured groups: on-premises"),
        (PIN | {"group": "*"}, "group", "found '*', expected one of the configured groups"),
        (PIN | {"group": 7}, "group", "found the number 7, expected a text"),
        (PIN | {"path": "lte"}, "path", "found 'lte', expected one of the paths of on-premises: dx, vpn"),
        (PIN | {"by": None}, "by", "missing; say who asks"),
        (PIN | {"by": "  "}, "by", "expected a text"),
        (PIN | {"reason": None}, "reason", "missing; say why"),
        (PIN | {"reason": "two\nlines"}, "reason", "expected one line of at most 500 characters"),
        (PIN | {"reason": "x" * 501}, "reason", "expected one line of at most 500 characters"),
        (PIN | {"force": "yes"}, "force", "found 'yes', expected true or false"),
        (PIN | {"force": 1}, "force", "found the number 1, expected true or false"),
        (PIN | {"for": 30}, "for", "found the number 30 without a unit, expected a duration"),
        (PIN | {"for": "soon"}, "for", "found 'soon', expected a duration"),
        (PIN | {"for": "0s"}, "for", "found '0s', expected more than 0s and at most 7d"),
        (PIN | {"for": "8d"}, "for", "found '8d', expected more than 0s and at most 7d"),
        (PIN | {"for": "1h", "until": "2026-01-01T13:00:00Z"}, "until", "found beside `for`"),
        (PIN | {"until": "2026-01-01T11:59:59Z"}, "until", "has passed, expected a time to come"),
        (PIN | {"until": "2026-01-01T12:00:00Z"}, "until", "has passed, expected a time to come"),
        (PIN | {"until": "2026-01-01T13:00:00"}, "until", "expected a time with its zone"),
        (PIN | {"until": "tomorrow"}, "until", "found 'tomorrow', expected a time with its zone"),
        (PIN | {"until": 1767272400}, "until", "expected a time with its zone"),
        (PIN | {"until": "2026-01-08T12:00:01Z"}, "until", "too far away, expected a time within 7d"),
        ({"action": "pause", "by": "mia", "reason": "r"}, "group", "expected a configured group, or * for all of them"),
        ({"action": "resume", "group": "idc", "by": "mia", "reason": "r"}, "group", "or * for all of them"),
        ({"action": "history", "limit": 0}, "limit", "found the number 0, expected a whole number from 1 to 100"),
        ({"action": "history", "limit": True}, "limit", "found true"),
        ({"action": "history", "before": "yesterday"}, "before", "found 'yesterday', expected a time with its zone"),
        ({"action": "history", "before": "2026-01-01T12:00:00"}, "before", "expected a time with its zone"),
        ({"action": "history", "before": "#idc-9"}, "before", "or `next` of another answer"),
        ({"action": "history", "before": 7}, "before", "found the number 7, expected a text"),
        ({"action": "history", "before": "2026-01-01T12:00:00Z#" + "x" * 500}, "before", "at most 500 characters"),
        ({"action": "history", "before": "2026-01-01T12:00:00Z#a\nb"}, "before", "expected one line of"),
        ({"action": "history", "before": "0001-01-01T00:00:00+23:00"}, "before", "expected a time with its zone"),
        ({"action": "history", "before": "9999-12-31T23:59:59-23:00#a"}, "before", "expected a time with its zone"),
        ({"action": "status", "before": "2026-01-01T12:00:00Z"}, "before", "unknown key; status takes"),
        ({"action": "history", "restart_group": "dx"}, "restart_group", "expected one of the restart groups: nat"),
        ({"action": "history", "restart_group": "nat", "group": "*"}, "restart_group", "found beside `group`"),
    ],
)
def test_a_request_at_fault_names_the_field_what_was_found_and_what_is_expected(
    payload: object, field: str, says: str
) -> None:
    at, message = refusal(payload)
    assert at == field
    assert message.startswith(f"{field}: ")
    assert says in message


def test_a_reason_may_be_as_long_as_that_and_in_any_language() -> None:
    assert wish(PIN | {"reason": "线" * 500}).asked.reason == "线" * 500


def test_holds_last_an_hour_unless_said_otherwise() -> None:
    assert wish(PIN).expires_at == NOW + 3600
    assert wish(PIN | {"for": "30m"}).expires_at == NOW + 1800
    assert wish(PIN | {"until": "2026-01-01T14:30:00+02:00"}).expires_at == NOW + 1800
    assert wish(PIN | {"until": "2026-01-08T12:00:00Z"}).expires_at == NOW + 7 * 86_400


def test_a_request_to_return_is_remembered_for_ten_minutes() -> None:
    asked = {key: value for key, value in PIN.items() if key != "action"}
    assert wish({"action": "failback", **asked}).expires_at == NOW + 600


def test_history_of_everything_includes_the_restarts() -> None:
    request = parse({"action": "history"}, CONFIGURATION, NOBODY, NOW)
    assert request == History(("on-premises", "private-a", "private-b"), ("nat",), 20)
    assert parse({"action": "history", "group": "*"}, CONFIGURATION, NOBODY, NOW) == request


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["1h", "vpn", "*"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
keys = st.sampled_from(
    ["group", "to", "path", "for", "until", "by", "reason", "force", "limit", "restart_group", "before"]
)


@given(st.sampled_from(ACTIONS), st.dictionaries(keys | st.text(max_size=5), values, max_size=5))
def test_any_payload_is_a_request_or_a_refusal_and_no_other_error(action: str, fields: dict[str, object]) -> None:
    base = PIN if action not in ("status", "history") else {}
    try:
        request = parse({**base, **fields, "action": action}, CONFIGURATION, NOBODY, NOW)
    except RequestError as refused:
        check_told(refused)
        return
    if isinstance(request, GroupRequest) and isinstance(request.wish, Failover | Failback | HoldPath | Suspend):
        assert NOW < request.wish.expires_at <= NOW + 7 * 86_400, "law 6: everything expires"


def check_told(refused: RequestError) -> None:
    assert refused.field is not None
    assert str(refused).startswith(f"{refused.field}: ")


# --- who asks


def test_the_caller_is_taken_from_the_context_as_far_as_it_is_there() -> None:
    context = SimpleNamespace(
        aws_request_id="1234",
        identity=SimpleNamespace(cognito_identity_id="eu:5"),
        client_context=SimpleNamespace(custom={"by": " mia "}),
    )
    assert caller_of(context) == Caller("mia", "cognito eu:5, request 1234")


@pytest.mark.parametrize("custom", [None, {}, {"by": ""}, {"by": 7}, "mia"])
def test_a_context_without_names_names_nobody(custom: object) -> None:
    context = SimpleNamespace(aws_request_id="1234", identity=None, client_context=SimpleNamespace(custom=custom))
    assert caller_of(context) == Caller(None, "request 1234")
    assert caller_of(None) == NOBODY


FORGED = "mia\n\nRoutes:\n  rtb-1: everything is well"


@pytest.mark.parametrize("by", [FORGED, "m" * 501, "mia\x1b[2J", "m\u2028ia"])
def test_the_callers_name_is_checked_as_the_payloads_is(by: str) -> None:
    context = SimpleNamespace(client_context=SimpleNamespace(custom={"by": by}))
    payload = {"action": "pause", "group": "*", "reason": "done"}
    told = []
    for asked, caller in ((payload, caller_of(context)), ({**payload, "by": by}, NOBODY)):
        with pytest.raises(RequestError) as refused:
            parse(asked, CONFIGURATION, caller, NOW)
        told.append((refused.value.field, str(refused.value)))
    assert told[0] == told[1] == ("by", "by: expected one line of at most 500 characters")


@pytest.mark.parametrize("identity", ["eu:5\nrequest 1234", "e" * 201])
def test_an_identity_that_is_no_plain_line_is_left_out(identity: str) -> None:
    context = SimpleNamespace(aws_request_id="1234", identity=SimpleNamespace(cognito_identity_id=identity))
    assert caller_of(context) == Caller(None, "request 1234")
