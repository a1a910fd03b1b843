"""A run told line by line."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.markup import escape

from lab.simulator.plan import Plan
from lab.simulator.simulation import Simulation, Tell

_COLOURS = {
    "world": "yellow",
    "failure": "bold yellow",
    "court": "bold red",
    "operator": "magenta",
    "router": "green",
    "monitor": "cyan",
}


def show(simulate: Callable[[Plan, Tell], Simulation], plan: Plan, console: Console) -> int:
    """Print the run as it happens; 1 where a law was broken."""
    last = 0.0

    def tell(at: float, who: str, what: str) -> None:
        nonlocal last
        if at - last > 60:
            console.print(f"[dim]{'':12}... {_span(at - last)} later[/]")
        last = at
        colour = _COLOURS.get(who.split("/", maxsplit=1)[0].split(" ", maxsplit=1)[0], "white")
        console.print(f"[dim]{at:11.2f}[/] [{colour}]{who:14}[/] {escape(what)}")

    _introduce(plan, console)
    outcome = simulate(plan, tell).run()
    console.print()
    if outcome.error is not None:
        console.print(f"[red]{escape(outcome.error)}[/]")
        return 1
    if outcome.violation is not None:
        console.print(f"[red]{escape(str(outcome.violation))}[/]")
        return 1
    checks = sum(outcome.checks.values())
    told = f"{outcome.moves} moves, {outcome.faults} faults, {outcome.invocations} invocations, {checks} checks"
    console.print(f"every law held: {outcome.seconds / 60:.0f} simulated minutes, {told}")
    return 0


def _introduce(plan: Plan, console: Console) -> None:
    console.print(f"seed {plan.seed}, vantages {', '.join(plan.vantages)}")
    for group in plan.configuration.groups.values():
        names = [f"{path.name}{'' if path.target else ' (no target)'}" for path in group.paths]
        back = f"{group.failback.mode.value} after {group.failback.after_seconds:g} s"
        console.print(f"  {group.name}: {' > '.join(names)}; failback {back}")
    for name, target in plan.configuration.targets.items():
        restart = target.restart
        told = f", restarted after {restart.after_seconds:g} s, {restart.attempts} times" if restart else ""
        console.print(f"  {name}: {target.quorum.value} of the vantages{told}")
    console.print()


def _span(seconds: float) -> str:
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} days"
