"""A recorded trace: a CSV file with one row for each round of probing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from routekeeper.config.problems import Problems, Rejected, describe, nearest
from routekeeper.config.tree import Place
from routekeeper.domain.errors import ConfigurationError
from routekeeper_cli.replay.lines import lines_of
from routekeeper_cli.replay.problems import FirstProblems
from routekeeper_cli.replay.row import COLUMNS, BadRow, Once, Row, RowReader, fields


def read_trace(path: Path, targets: Mapping[str, object]) -> list[Row]:
    """The rows of a file, in its order, each once. Every target must be one of `targets`.

    Raises:
        ConfigurationError: the file cannot be read or has no rows, or every problem in it, one on a line with file,
            line and column.
    """
    lines, problems, once = lines_of(path), FirstProblems(str(path)), Once()
    reader = RowReader(_header(lines[0], problems), _one_of(tuple(targets)))
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if problems.full:
            break
        if not line.strip():
            continue
        try:
            row = reader.read(line, number)
            if once.is_new(row):
                rows.append(row)
        except BadRow as err:
            for fault in err.faults:
                problems.add(fault.name, fault.message, Place(number, fault.column))
        except Rejected as err:
            problems.add("the row", str(err), Place(number, 1))
    problems.raise_if_any()
    if not rows:
        raise ConfigurationError(f"{path}: no rows behind the header, expected one for each round")
    once.tell(path)
    return rows


def _header(line: str, problems: Problems) -> list[str]:
    names = [text for text, _ in fields(line)]
    if sorted(names) != sorted(COLUMNS):
        problems.add("the header", f"found {describe(line)}, expected {','.join(COLUMNS)}", Place(1, 1))
        problems.raise_if_any()
    return names


def _one_of(targets: tuple[str, ...]) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or value not in targets:
            hint = nearest(value if isinstance(value, str) else "", targets)
            raise Rejected(f"there is no target {describe(value)}, {hint}")
        return value

    return read
