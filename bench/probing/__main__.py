"""The monitor and fping on the same targets, one after the other: make bench-probing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from bench import figures
from bench.probing import ground
from bench.wanted import Wanted, conclude
from lab import host

COUNTS: Final = (10, 100, 500, 1000, 4000)
SECONDS: Final = 10
MEMORIES_MB: Final = (128, 256, 512)
MB_OF_A_CORE: Final = 1769
""""At 1,769 MB, a function has the equivalent of one vCPU" (AWS Lambda developer guide, "Configure memory")."""
USABLE_CPU: Final = 0.7
USABLE_MEMORY: Final = 0.8
WANTED_TARGETS: Final = 500
WANTED_IN_MB: Final = 256
STRAIGHT: Final = 1.25
"""How much dearer a probe may be among 4,000 targets than among 500."""


def main() -> None:
    """Go inside, measure, draw, write."""
    if not host.inside():
        _install_fping()
        host.reexecute([sys.executable, "-m", "bench.probing"])
    ground.build()
    rows = []
    for count in COUNTS:
        for kind, measure in (("tcp", _monitor), ("icmp", _monitor), ("fping", _fping)):
            row: dict[str, Any] = {"kind": kind, "targets": count, **measure(kind, count)}
            row["cpu_microseconds_per_probe"] = row["cpu_seconds"] / max(row["probes"], 1) * 1e6
            rows.append(row)
            print(f"{kind:>6} {count:>5} targets: {row['cpu_microseconds_per_probe']:6.1f} us a probe", flush=True)
    fits = [_fit(rows, kind, memory) for kind in ("tcp", "icmp") for memory in MEMORIES_MB]
    conclude("probing", {"seconds": SECONDS, "rows": rows, "fits": fits}, _wanted(rows, fits))
    _draw(rows, fits)


def _monitor(kind: str, count: int) -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, "-m", "bench.probing.watch", kind, str(count), str(SECONDS)],
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def _fping(_: str, count: int) -> dict[str, Any]:
    """Fping's own processor time for as many rounds; it prints nothing but its summary."""
    command = ["fping", "-q", "-c", str(SECONDS), "-p", "1000", "-t", "750", "-i", "0.2", "-f", "-"]
    with Path(os.devnull).open("wb") as nowhere:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere)
        assert child.stdin is not None
        began = time.monotonic()
        child.stdin.write("\n".join(ground.addresses(count)).encode())
        child.stdin.close()
        _pid, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return {
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "seconds": time.monotonic() - began,
        "probes": count * SECONDS,
        "lost": 0,
        "unknown": 0,
        "memory_mib": used.ru_maxrss / 1024,
    }


def _fit(rows: list[dict[str, Any]], kind: str, memory: int) -> dict[str, Any]:
    """How many targets fit: by the processor's share at the cost among 1,000, and by memory on its straight line."""
    by_count = {row["targets"]: row for row in rows if row["kind"] == kind}
    few, many = by_count[COUNTS[0]], by_count[COUNTS[-1]]
    slope = (many["memory_mib"] - few["memory_mib"]) / (many["targets"] - few["targets"])
    share = memory / MB_OF_A_CORE
    by_cpu = USABLE_CPU * share * 1e6 / by_count[1000]["cpu_microseconds_per_probe"]
    by_memory = max(0.0, few["targets"] + (USABLE_MEMORY * memory - few["memory_mib"]) / slope)
    return {
        "kind": kind,
        "memory_mb": memory,
        "core_share": share,
        "by_cpu": int(by_cpu),
        "by_memory": int(by_memory),
        "targets": int(min(by_cpu, by_memory)),
        "kib_a_target": slope * 1024,
    }


def _wanted(rows: list[dict[str, Any]], fits: list[dict[str, Any]]) -> list[Wanted]:
    wanted = []
    for kind in ("tcp", "icmp"):
        [fit] = [one for one in fits if one["kind"] == kind and one["memory_mb"] == WANTED_IN_MB]
        cost = {row["targets"]: row["cpu_microseconds_per_probe"] for row in rows if row["kind"] == kind}
        what = f"{kind} targets at 1 s in {WANTED_IN_MB} MB"
        wanted.append(Wanted(what, f">= {WANTED_TARGETS}", str(fit["targets"]), fit["targets"] >= WANTED_TARGETS))
        ratio = cost[4000] / cost[500]
        what = f"a {kind} probe among 4,000 targets / among 500"
        wanted.append(Wanted(what, f"<= {STRAIGHT}", f"{ratio:.2f}", ratio <= STRAIGHT))
    missed = sum(row["lost"] + row["unknown"] for row in rows)
    wanted.append(Wanted("probes lost or not sent, all runs", "0", str(missed), missed == 0))
    return wanted


def _draw(rows: list[dict[str, Any]], fits: list[dict[str, Any]]) -> None:
    figure, (load, room) = figures.panels(2)
    looks = {
        "tcp": (figures.OURS, "routekeeper, TCP"),
        "icmp": (figures.OURS_TOO, "routekeeper, ICMP"),
        "fping": (figures.OTHERS, "fping, ICMP"),
    }
    for kind, (colour, label) in looks.items():
        mine = [row for row in rows if row["kind"] == kind]
        shares = [100 * row["cpu_seconds"] / row["seconds"] for row in mine]
        load.plot([row["targets"] for row in mine], shares, "o-", color=colour, label=label, markersize=4)
    for memory in MEMORIES_MB:
        share = 100 * memory / MB_OF_A_CORE
        load.axhline(share, color=figures.LIMIT, linewidth=0.7, linestyle=":")
        load.annotate(f"{memory} MB", (8, share), fontsize=7, color=figures.LIMIT, va="bottom")
    load.set(xscale="log", yscale="log", xlabel="targets, each probed every second", title="Load, % of a core")
    load.legend(loc="lower right")
    for offset, (kind, (colour, label)) in enumerate(list(looks.items())[:2]):
        places = [place + (offset - 0.5) * 0.38 for place in range(len(MEMORIES_MB))]
        bars = room.bar(places, [f["targets"] for f in fits if f["kind"] == kind], 0.36, color=colour, label=label)
        room.bar_label(bars, fontsize=7)
    room.axhline(WANTED_TARGETS, color=figures.LIMIT, linewidth=1)
    room.set_xticks(range(len(MEMORIES_MB)), [f"{memory} MB" for memory in MEMORIES_MB])
    room.set(title="Targets that fit; red: wanted in 256 MB")
    room.grid(visible=False, axis="x")
    room.legend(loc="upper left")
    figures.save(figure, "probing")


def _install_fping() -> None:
    """Install fping, which the comparison needs. Raises HostError where that is not possible."""
    if shutil.which("fping") is not None:
        return
    root = os.geteuid() == 0
    print("installing fping", file=sys.stderr)
    prefix = [] if root else ["sudo", "-n"]
    for step in (["update", "-qq"], ["install", "-qq", "-y", "fping"]):
        if shutil.which("apt-get") is None or subprocess.run([*prefix, "apt-get", *step], check=False).returncode:
            raise host.HostError("fping not found, and it could not be installed: sudo apt-get install -y fping")


if __name__ == "__main__":
    main()
