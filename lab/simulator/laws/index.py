"""Which checks hold each law: read off the calls of `Court.hold`, so that it cannot differ from them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True, order=True)
class Check:
    law: int
    rule: str
    """The name under which the court takes it down."""
    module: str
    """Where it is made, in `lab/simulator/laws/`."""


def index(folder: Path = HERE) -> list[Check]:
    """Every check by law; one that is made for either of two laws is there twice.

    Raises ValueError as `checks` does.
    """
    return sorted({check for path in sorted(folder.glob("*.py")) for check in checks(path.stem, path.read_text())})


def table() -> str:
    """The index as a table for docs/hunting.md: a row for each law and module."""
    rows: dict[tuple[int, str], list[str]] = {}
    for check in index():
        rows.setdefault((check.law, check.module), []).append(check.rule)
    lines = [f"| {law} | `{module}` | {'; '.join(rules)} |" for (law, module), rules in sorted(rows.items())]
    return "\n".join(["| law | in | checks |", "| --- | --- | --- |", *lines])


def checks(module: str, source: str) -> Iterator[Check]:
    """The checks that a module makes.

    Raises ValueError where a call does not name its rule, or its law is neither a number nor a name that the module
    gives numbers to: then the index could not tell.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "hold":
            law, rule = node.args[:2]
            laws = _numbers(law) if not isinstance(law, ast.Name) else _assigned(tree, law.id)
            if not laws or not isinstance(rule, ast.Constant):
                raise ValueError(f"{module}, line {node.lineno}: a check whose law or rule cannot be read")
            yield from (Check(number, str(rule.value), module) for number in laws)


def _assigned(tree: ast.AST, name: str) -> set[int]:
    """The numbers that the name is given anywhere in the module."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in node.targets):
            found |= _numbers(node.value)
    return found


def _numbers(value: ast.expr) -> set[int]:
    """A number, or both sides of a choice between two."""
    match value:
        case ast.Constant(value=int(number)):
            return {number}
        case ast.IfExp(body=body, orelse=other):
            return _numbers(body) | _numbers(other)
        case _:
            return set()
