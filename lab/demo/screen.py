"""The live display: a panel a story with its packets, its path and its marks; plain lines without a terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from lab.demo.tale import Figures, Mark, Moment, Tale
from lab.network.record import Packet

STRIP_SECONDS: Final = 30.0
STRIP_CELLS: Final = 60
REFRESH_HZ: Final = 4
STAGES: Final = (
    "building the network",
    "starting the local AWS",
    "sam build",
    "sam deploy",
    "first probes",
    "two stories at once: a line is cut, a NAT instance hangs",
)
COLOURS: Final = {
    Moment.FAULT: "bold red",
    Moment.VERDICT: "yellow",
    Moment.FAILOVER: "bold green",
    Moment.MEND: "cyan",
    Moment.RESTART: "magenta",
    Moment.FAILBACK: "bold green",
}


class Screen:
    """Shows tales while they are told. A context manager."""

    def __init__(self, tales: Sequence[Tale], console: Console) -> None:
        self._tales = tales
        self._console = console
        self._begun_at = time.time()
        columns = (TextColumn("{task.description}"), BarColumn(40), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console)
        self._task = self._progress.add_task(STAGES[0], total=len(STAGES))
        self._live = Live(console=console, refresh_per_second=REFRESH_HZ, get_renderable=self._render)
        self._printed: set[Mark] = set()
        self._ended = threading.Event()
        self._plain = threading.Thread(target=self._print_marks, daemon=True)

    def stage(self, name: str) -> None:
        """The next stage begins."""
        self._progress.update(self._task, description=name, completed=STAGES.index(name))
        if not self._console.is_terminal:
            self._console.print(f"{self._elapsed(time.time())}  {name}")

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        else:
            self._plain.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._progress.update(self._task, completed=len(STAGES))
        self._ended.set()
        if self._console.is_terminal:
            self._live.stop()
        else:
            self._plain.join()

    def _render(self) -> RenderableType:
        return Group(self._progress, *(self._panel(tale) for tale in self._tales if tale.packets))

    def _panel(self, tale: Tale) -> Panel:
        lines = [self._strip(tale), Text(f"path {tale.path or '?'}: {tale.state}", style="dim", overflow="ellipsis")]
        lines += [Text(f"{self._elapsed(mark.at)}  {mark.text}", style=COLOURS[mark.moment]) for mark in tale.marks]
        return Panel(Group(*lines), title=tale.title, title_align="left", border_style="green" if tale.done else "blue")

    def _strip(self, tale: Tale) -> Text:
        """The last seconds as cells: green where every packet was answered, red where one was lost."""
        now = time.time()
        cells = packet_cells(tale.recent(now - STRIP_SECONDS), now - STRIP_SECONDS)
        text = Text()
        for lost in cells:
            text.append("█" if lost is not None else "·", "dim" if lost is None else "red" if lost else "green")
        text.append(f"  last {STRIP_SECONDS:.0f} s", "dim")
        return text

    def _print_marks(self) -> None:
        while True:
            ending = self._ended.wait(1 / REFRESH_HZ)
            for tale in self._tales:
                for mark in tale.marks:
                    if mark not in self._printed:
                        self._printed.add(mark)
                        self._console.print(f"{self._elapsed(mark.at)}  {tale.name:4} {mark.text}")
            if ending:
                return

    def _elapsed(self, at: float) -> str:
        return f"{at - self._begun_at:6.1f} s"


def packet_cells(packets: Sequence[Packet], since: float) -> list[bool | None]:
    """Whether a packet was lost, by slice of time from `since` on; None where no packet's fate is known."""
    width = STRIP_SECONDS / STRIP_CELLS
    cells: list[bool | None] = [None] * STRIP_CELLS
    for packet in packets:
        cell = int((packet.sent_at - since) / width)
        if 0 <= cell < STRIP_CELLS:
            cells[cell] = bool(cells[cell]) or packet.lost
    return cells


def summary(results: Sequence[tuple[Tale, Figures, bool | None]]) -> Table:
    """The closing table: a row a story. Fits into 80 columns."""
    table = Table(title="Measured from the packets", title_justify="left")
    for heading in ("", "blackout", "to detect", "to steer", "lost on\nfailback", "lost\nin all", "restarted"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for tale, figures, was_restarted in results:
        table.add_row(
            tale.name,
            f"{figures.blackout_seconds:.2f} s",
            f"{figures.detection_seconds:.2f} s",
            f"{figures.steering_seconds:.2f} s",
            str(figures.failback_lost_packets),
            f"{figures.packets_lost} of {figures.packets_sent}",
            {None: "-", True: "yes", False: "no"}[was_restarted],
        )
    return table
