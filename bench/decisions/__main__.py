"""Run lengths of rules of detection, exactly, at equal false alarms; make bench-decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from bench import figures
from bench.decisions import promise, recorded
from bench.decisions.compared import (
    BURSTY,
    DEPLOYED,
    EVEN,
    SHARES,
    WANTED_FROM,
    YEAR_SECONDS,
    World,
    bad_in_bursts,
    others,
    ours,
    ratios,
    reference,
    score_alone,
    with_four_in_a_row,
)
from bench.decisions.published import all_published, phi_for
from bench.wanted import Wanted, conclude
from routekeeper.domain.detection import Detection

LIMIT: Final = 1.2
TIMEOUT_SECONDS: Final = Detection().probe_timeout_seconds
WORLDS: Final = {
    "in probes, one a second": (EVEN, 0.0),
    "in seconds, as deployed, `bursts: 0s`": (DEPLOYED, TIMEOUT_SECONDS),
    "in seconds, at the deployed pace, `bursts: 100ms`": (BURSTY, TIMEOUT_SECONDS),
}


def main() -> None:
    """Compute, draw, write."""
    worlds = [_compared(name, world, timeout) for name, (world, timeout) in WORLDS.items()]
    results = {
        "shares": SHARES,
        "worlds": worlds,
        "phi_of_four_missed": phi_for(4),
        "published": [one.figures() for one in all_published()],
        "bad_in_bursts": bad_in_bursts(BURSTY),
        "bursts": promise.rows(),
        "simulated": promise.simulated(),
        "recorded": recorded.rows(),
    }
    wanted = [_wanted(f"{world['name']}{world['but']}", world["ratios"]) for world in worlds]
    wanted += [_wanted(f"in probes, {name}", found) for name, found in worlds[0]["variants"].items()]
    conclude("decisions", results, wanted)
    _draw(worlds)


def _compared(name: str, world: World, timeout_seconds: float) -> dict[str, Any]:
    best, made_for = reference(world)
    # Ten losses in a row alone accuse a line of bursts more often than once a year; at equal false alarms the score is
    # compared without them.
    mine, but = ours(world), ""
    if not world.quiet(mine):
        mine, but = score_alone(world), ", its score alone"
    variants = {"routekeeper, `unhealthy_threshold: 4`": with_four_in_a_row(world)} if world is EVEN else {}
    rules = {f"routekeeper{but}": mine} | variants | others(world)
    return {
        "name": name,
        "but": but,
        "timeout_seconds": timeout_seconds,
        "reference": {"delays": best, "made_for": made_for},
        "ratios": ratios(mine, best, world, timeout_seconds),
        "variants": {name: ratios(rule, best, world, timeout_seconds) for name, rule in variants.items()},
        "rules": [
            {
                "name": family,
                "rule": rule.name,
                "years_between_alarms": world.between_alarms(rule) / YEAR_SECONDS,
                "delays": world.delays(rule),
            }
            for family, rule in rules.items()
        ],
    }


def _wanted(name: str, ratios_found: Sequence[float]) -> Wanted:
    found = {share: ratio for share, ratio in zip(SHARES, ratios_found, strict=True) if share >= WANTED_FROM}
    worst = max(found, key=lambda share: found[share])
    return Wanted(
        f"delay / exact CUSUM, {name}, loss from 20 % to 100 %",
        f"<= {LIMIT}",
        f"{found[worst]:.2f} at {worst:.0%}",
        found[worst] <= LIMIT,
    )


def _draw(worlds: Sequence[dict[str, Any]]) -> None:
    figure, (delays, ratio) = figures.panels(2, height=3.8)
    even = worlds[0]
    percent = [share * 100 for share in SHARES]
    palette = (figures.OURS, figures.OURS_TOO, *figures.EXTRA, figures.OTHERS)
    for colour, rule in zip(palette, even["rules"], strict=False):
        told = rule["name"].replace("`", "")
        delays.plot(percent, rule["delays"], color=colour, label=f"{told}: {rule['rule']}")
    delays.plot(percent, even["reference"]["delays"], "k:", label="exact CUSUM, the best at each rate")
    delays.set(yscale="log", xlabel="% lost", ylabel="probes, on average", title="Delay at one false alarm a year")
    delays.legend(fontsize=6)
    for colour, world in zip((figures.OTHERS, figures.OURS, figures.OURS_TOO), worlds, strict=True):
        ratio.plot(percent, world["ratios"], color=colour, label=f"{world['name']}{world['but']}".replace("`", ""))
    for name, found in even["variants"].items():
        ratio.plot(percent, found, color=figures.OTHERS, linestyle="--", label=f"in probes, {name.split('`')[1]}")
    ratio.axhline(LIMIT, color=figures.LIMIT, linewidth=1)
    ratio.set(ylim=(0.8, 3.0), xlim=(10, 100), xlabel="% lost", title="routekeeper / exact CUSUM; red: wanted")
    ratio.legend(fontsize=6, loc="upper right")
    figures.save(figure, "decisions")


if __name__ == "__main__":
    main()
