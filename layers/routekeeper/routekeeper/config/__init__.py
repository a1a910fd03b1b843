"""The configuration: one file, checked as a whole, with every problem named at its place.

People write YAML (`config/failover.yaml`). `routekeeper compile` reads it through the same code, and writes the same
document as JSON for the functions, so that they need no YAML parser.

Why: docs/decisions/compiled-configuration.md
"""

from __future__ import annotations

import hashlib
import importlib
from dataclasses import replace
from pathlib import Path

from routekeeper.config import json_file, thresholds
from routekeeper.config.document import read_document
from routekeeper.config.problems import Problems
from routekeeper.config.tree import from_plain
from routekeeper.domain.errors import ConfigurationError
from routekeeper.domain.settings import Configuration

__all__ = ["digest_of", "from_document", "packaged"]

PACKAGE = "routekeeper_config"
RESOURCE = "failover.json"
_DIGEST_CHARACTERS = 12


def from_document(document: object, source: str = "configuration", *, work_out: bool = False) -> Configuration:
    """The configuration in a document of dictionaries, lists and scalars; `source` names it in errors.

    It may ship thresholds, as a compiled document does. With `work_out`, they are worked out anew, and rules that take
    too long are problems.

    Raises:
        ConfigurationError: every problem, one on a line.
    """
    problems = Problems(source)
    root, shipped = thresholds.split(from_plain(document), problems)
    return read_document(root, problems, thresholds.WorkingOut() if work_out else shipped)


def packaged() -> Configuration:
    """The compiled configuration that was deployed with the functions.

    Raises:
        ConfigurationError: it was not packaged, or every problem in it, one on a line.
    """
    source = f"{PACKAGE}/{RESOURCE}"
    try:
        # importlib.resources would be slow: its import alone takes as long as reading the whole configuration.
        place = Path(next(iter(importlib.import_module(PACKAGE).__path__)))
        text = (place / RESOURCE).read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError) as err:
        raise ConfigurationError(
            f"{source}: not found on the Python path. Write it before packaging:"
            f" routekeeper compile config/failover.yaml -o <a layer's directory>/{source}"
        ) from err
    problems = Problems(source)
    root, shipped = thresholds.split(json_file.parse(text, problems), problems)
    configuration = read_document(root, problems, shipped)
    return replace(configuration, digest=digest_of(text))


def digest_of(compiled: str) -> str:
    """What tells one compiled document from another, short enough to be shown."""
    return hashlib.sha256(compiled.encode()).hexdigest()[:_DIGEST_CHARACTERS]
