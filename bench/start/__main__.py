"""Fresh interpreters: `import app` of each function against `import boto3`, interleaved; make bench-start."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench import figures
from bench.start import layer
from bench.wanted import Wanted, conclude

RUNS: Final = 15
FUNCTIONS: Final = ("monitor", "router", "restarter", "operator")
CODES: Final = {
    "import boto3": (None, "import boto3"),
    "import boto3, one DynamoDB client": (None, "import boto3; boto3.client('dynamodb')"),
    "import boto3, one EC2 client": (None, "import boto3; boto3.client('ec2')"),
    **{name: (name, "import app") for name in FUNCTIONS},
}
"""What is run, by name: the function whose directory is on the path, and the statement."""
LIMIT: Final = 1.5
_TIMED: Final = (
    "import time; a, b = time.perf_counter(), time.process_time(); {}; "
    "print(time.perf_counter() - a, time.process_time() - b)"
)
_PARTS: Final = {
    "botocore": ("botocore", "urllib3", "jmespath", "dateutil"),
    "routekeeper": ("routekeeper",),
    "Powertools": ("aws_lambda_powertools",),
}


def main() -> None:
    """Measure, explain, draw, write."""
    with tempfile.TemporaryDirectory() as directory:
        built = layer.build(Path(directory))
        subprocess.run([sys.executable, "-m", "compileall", "-q", str(built)], check=True)
        times = _measure(built)
        shares = {name: _shares(built, name) for name in FUNCTIONS}
    base = times["import boto3"]["cpu_seconds"]
    rows = [
        {"name": name, **one, "ratio": one["cpu_seconds"] / base, "parts": shares.get(name, {})}
        for name, one in times.items()
    ]
    ratio = times["router"]["cpu_seconds"] / base
    wanted = [
        Wanted("start of the router / import boto3, processor time", f"<= {LIMIT}", f"{ratio:.2f}", ratio <= LIMIT)
    ]
    conclude("start", {"runs": RUNS, "rows": rows}, wanted)
    _draw(rows, base)


def _measure(built: Path) -> dict[str, dict[str, float]]:
    """Median wall and processor seconds of each, every round once through all, so that noise falls on all alike."""
    wall: dict[str, list[float]] = {name: [] for name in CODES}
    cpu: dict[str, list[float]] = {name: [] for name in CODES}
    for number in range(RUNS + 1):
        for name, (function, code) in CODES.items():
            seconds = _run(built, function, code)
            if number:  # the first round writes the compiled files that Lambda's own libraries come with
                wall[name].append(seconds[0])
                cpu[name].append(seconds[1])
    return {
        name: {
            "wall_seconds": median(wall[name]),
            "wall_seconds_least": min(wall[name]),
            "cpu_seconds": median(cpu[name]),
        }
        for name in CODES
    }


def _run(built: Path, function: str | None, code: str) -> tuple[float, float]:
    ran = subprocess.run(
        [sys.executable, "-S", "-c", _TIMED.format(code)],
        env=layer.environment(built, function),
        capture_output=True,
        text=True,
        check=True,
    )
    wall, cpu = ran.stdout.split()[-2:]
    return float(wall), float(cpu)


def _shares(built: Path, function: str) -> dict[str, float]:
    """Seconds by what takes them: each module's own time from -X importtime; the rest is the clients' making."""
    ran = subprocess.run(
        [sys.executable, "-S", "-X", "importtime", "-c", "import app"],
        env=layer.environment(built, function),
        capture_output=True,
        text=True,
        check=True,
    )
    shares = dict.fromkeys((*_PARTS, "standard library", "clients, configuration"), 0.0)
    for line in ran.stderr.splitlines():
        own, _, module = line.removeprefix("import time:").split("|") if line.count("|") == 2 else ("self", "", "")
        if not own.strip().isdigit():
            continue
        shares[_part(module.strip())] += int(own) / 1e6
    return shares


def _part(module: str) -> str:
    if module == "app":  # its own time is its body: `build()`
        return "clients, configuration"
    package = module.partition(".")[0]
    return next((part for part, names in _PARTS.items() if package in names), "standard library")


def _draw(rows: list[dict[str, Any]], base: float) -> None:
    figure, (whole, parts) = figures.panels(2)
    names = [row["name"] for row in rows]
    colours = [figures.OURS if row["name"] in FUNCTIONS else figures.OTHERS for row in rows]
    whole.barh(names, [row["cpu_seconds"] * 1000 for row in rows], color=colours)
    whole.axvline(LIMIT * base * 1000, color=figures.LIMIT, linewidth=1)
    whole.set(title="Start", xlabel="ms of processor; red: 1.5 x import boto3")
    whole.invert_yaxis()
    whole.grid(visible=False, axis="y")
    left = dict.fromkeys(FUNCTIONS, 0.0)
    palette = (figures.OTHERS, figures.OURS, *figures.EXTRA)
    ours = [row for row in rows if row["name"] in FUNCTIONS]
    for colour, part in zip(palette, ours[0]["parts"], strict=True):
        widths = [row["parts"][part] * 1000 for row in ours]
        parts.barh(FUNCTIONS, widths, left=list(left.values()), color=colour, label=part)
        left = {name: left[name] + width for name, width in zip(FUNCTIONS, widths, strict=True)}
    parts.set(title="What takes the time", xlabel="ms, under -X importtime, which adds its own")
    parts.invert_yaxis()
    parts.grid(visible=False, axis="y")
    parts.legend(loc="upper right", bbox_to_anchor=(1.0, -0.22), ncols=3)
    figures.save(figure, "start")


if __name__ == "__main__":
    main()
