"""Strategies for every type that the table holds."""

from __future__ import annotations

from hypothesis import strategies as st

from routekeeper.domain.flaps import Flaps
from routekeeper.domain.grey import Tally
from routekeeper.domain.group_state import (
    Asker,
    Channel,
    GroupState,
    Intent,
    Pause,
    Pin,
    ReturnRequest,
    RouteChange,
    SeenRoute,
    Transition,
    TransitionKind,
    Untold,
)
from routekeeper.domain.health import Health, TargetHealth
from routekeeper.domain.lease import Lease
from routekeeper.domain.path_memory import PathMemory
from routekeeper.domain.refusal import About, Refusal
from routekeeper.domain.restart import Action, Active, Phase, RestartOutcome, RestartState
from routekeeper.domain.restart_event import RestartEvent
from routekeeper.domain.signals import Signal, SignalKind
from routekeeper.domain.vantage import Summary, Vantage

times = st.floats(min_value=0, max_value=4e9).filter(lambda value: value == 0 or value > 1e-100)
durations = st.floats(min_value=1e-6, max_value=1e6)
counts = st.integers(min_value=0, max_value=10**12)
words = st.text(max_size=20)
names = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="#"), min_size=1, max_size=12)
maybe_times = st.none() | times
maybe_words = st.none() | words

tallies = st.builds(
    Tally,
    raised=st.booleans(),
    score=counts,
    since=maybe_times,
    bad=counts,
    seen=counts,
    waiting=st.lists(times, max_size=3).map(tuple),
)
healths = st.builds(
    TargetHealth,
    health=st.sampled_from(Health),
    since=times,
    reason=words,
    failures=counts,
    first_failure_at=maybe_times,
    successes=counts,
    first_success_at=maybe_times,
    answered_at=times,
    known_at=times,
    first_loss_at=maybe_times,
    loss=st.none() | tallies,
    latency=st.none() | tallies,
)
summaries = st.builds(
    Summary,
    sent=counts,
    lost=counts,
    unknown=counts,
    round_trip_seconds_median=st.none() | durations,
    round_trip_seconds_maximum=st.none() | durations,
)
vantages = st.builds(
    Vantage,
    name=names,
    epoch=counts,
    heartbeat_at=times,
    targets=st.dictionaries(names, healths, max_size=3),
    summaries=st.dictionaries(names, summaries, max_size=3),
)
leases = st.builds(
    Lease,
    vantage=names,
    version=counts,
    owner=maybe_words,
    epoch=counts,
    expires_at=times,
    successor=maybe_words,
)
signals = st.builds(
    Signal,
    resource=names,
    kind=st.sampled_from(SignalKind),
    words=words,
    at=times,
    ends_at=times,
    starts_at=times,
    withdrawn=st.booleans(),
    rank=st.integers(0, 9),
    name=st.just("") | names,
    source=words,
)
refusals = st.builds(Refusal, code=words, words=words, about=st.sampled_from(About), final=st.booleans())
askers = st.builds(Asker, by=words, at=times, reason=words, identity=maybe_words)
transitions = st.builds(
    Transition,
    id=names,
    group=names,
    kind=st.sampled_from(TransitionKind),
    from_path=maybe_words,
    to_path=words,
    reason=words,
    decided_at=times,
    first_loss_at=maybe_times,
    verdict_at=maybe_times,
    asked=st.none() | askers,
    applied_at=maybe_times,
    changes=st.lists(st.builds(RouteChange, words, words, words, refusal=st.none() | refusals), max_size=3).map(tuple),
)
memories = st.builds(
    PathMemory,
    seen_healthy_at=maybe_times,
    flaps=st.none() | st.builds(Flaps, times, times, times, st.booleans()),
    blackholed_at=maybe_times,
    drifted=st.booleans(),
)
groups = st.builds(
    GroupState,
    group=names,
    version=counts,
    path=maybe_words,
    since=times,
    reason=words,
    pin=st.none() | st.builds(Pin, path=words, expires_at=times, asked=askers, forced=st.booleans()),
    pause=st.none() | st.builds(Pause, expires_at=times, asked=askers),
    returning=st.none() | st.builds(ReturnRequest, expires_at=times, asked=askers, forced=st.booleans()),
    pending=st.none() | transitions,
    unannounced=st.lists(
        st.builds(Untold, transitions, st.lists(st.sampled_from(Channel), max_size=2).map(tuple), st.booleans()),
        max_size=2,
    ).map(tuple),
    worker=maybe_words,
    worker_until=times,
    looked=st.booleans(),
    paths=st.dictionaries(names, memories, max_size=2),
    routes=st.lists(st.builds(SeenRoute, words, words), max_size=2).map(tuple),
    routes_at=maybe_times,
    intents=st.lists(st.builds(Intent, words, words, askers), max_size=2).map(tuple),
)
restarts = st.builds(
    RestartState,
    group=names,
    version=counts,
    active=st.none() | st.builds(Active, words, words, st.sampled_from(Phase), times, times, counts),
    attempts=st.dictionaries(names, st.lists(times, max_size=3).map(tuple), max_size=3),
    given_up=st.frozensets(words, max_size=3),
)
restart_events = st.builds(
    RestartEvent,
    id=names,
    group=names,
    target=words,
    instance=words,
    at=times,
    outcome=st.sampled_from(RestartOutcome),
    reason=words,
    action=st.none() | st.sampled_from(Action),
)
