"""JSON text to a tree: the form in which the functions read their configuration."""

from __future__ import annotations

import json

from routekeeper.config.problems import Problems
from routekeeper.config.tree import Node, Place, from_plain


def parse(text: str, problems: Problems) -> Node:
    """The document. Text that is not JSON is raised at once, because nothing after it can be read.

    Raises:
        ConfigurationError: not JSON, with line and column.
    """
    try:
        return from_plain(json.loads(text))
    except json.JSONDecodeError as err:
        problems.add("", f"not JSON: {err.msg}", Place(err.lineno, err.colno))
        problems.raise_if_any()
        raise
