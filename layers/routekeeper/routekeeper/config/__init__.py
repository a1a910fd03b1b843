"""The configuration: one file, checked as a whole, with every problem named at its place.

People write YAML (`config/failover.yaml`); `routekeeper compile` checks it and writes the same document as
JSON, which the functions read through the same code, so that they need no YAML parser.
"""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from pathlib import Path

from routekeeper.config.document import read_document
from routekeeper.config.problems import Problems
from routekeeper.config.tree import Node, Place, from_plain, to_plain
from routekeeper.domain.errors import ConfigurationError
from routekeeper.domain.settings import Configuration

__all__ = ["Checked", "check", "compiled", "from_document", "load", "packaged"]

PACKAGE = "routekeeper_config"
RESOURCE = "failover.json"


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that has passed every check."""

    configuration: Configuration
    warnings: tuple[str, ...]
    """What is allowed and may yet not be what is wanted: a line each, with file, line and column."""
    compiled: str
    """The same document as JSON text, for `packaged`."""


def check(path: Path) -> Checked:
    """What a file holds, with the warnings about it: JSON where its name ends in `.json`, else YAML.

    Raises:
        ConfigurationError: the file cannot be read, or every problem in it, a line each.
    """
    problems = Problems(str(path))
    tree = _tree(path, problems)
    configuration = read_document(tree, problems)
    text = json.dumps(to_plain(tree), indent=2, ensure_ascii=False) + "\n"
    return Checked(configuration, problems.warnings, text)


def load(path: Path) -> Configuration:
    """The configuration in a file, for those who do not care about warnings.

    Raises:
        ConfigurationError: as `check`.
    """
    return check(path).configuration


def compiled(path: Path) -> str:
    """The document in a file as JSON text for `packaged`, once it has passed every check.

    Raises:
        ConfigurationError: as `check`.
    """
    return check(path).compiled


def from_document(document: object, source: str = "configuration") -> Configuration:
    """The configuration in a document of dictionaries, lists and scalars; `source` names it in errors.

    Raises:
        ConfigurationError: every problem, a line each.
    """
    return read_document(from_plain(document), Problems(source))


def packaged() -> Configuration:
    """The compiled configuration that was deployed with the functions.

    Raises:
        ConfigurationError: it was not packaged, or every problem in it, a line each.
    """
    source = f"{PACKAGE}/{RESOURCE}"
    try:
        # Not by importlib.resources, whose import alone takes as long as reading the whole configuration.
        place = Path(next(iter(importlib.import_module(PACKAGE).__path__)))
        text = (place / RESOURCE).read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError) as err:
        raise ConfigurationError(
            f"{source}: not found on the Python path. Write it before packaging:"
            f" routekeeper compile config/failover.yaml -o <a layer's directory>/{source}"
        ) from err
    problems = Problems(source)
    return read_document(_json(text, problems), problems)


def text_of(path: Path) -> str:
    """What a file that a person wrote says, without a byte order mark.

    Raises:
        ConfigurationError: it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as err:
        raise ConfigurationError(f"{path}: cannot be read: {err.strerror or err}") from err
    except UnicodeDecodeError as err:
        raise ConfigurationError(f"{path}: not UTF-8 text: {err.reason} at byte {err.start}") from err


def _tree(path: Path, problems: Problems) -> Node:
    text = text_of(path)
    if path.suffix == ".json":
        return _json(text, problems)
    from routekeeper.config import yaml_file  # noqa: PLC0415 - needs PyYAML, which the functions do without

    return yaml_file.parse(text, problems)


def _json(text: str, problems: Problems) -> Node:
    try:
        return from_plain(json.loads(text))
    except json.JSONDecodeError as err:
        problems.add("", f"not JSON: {err.msg}", Place(err.lineno, err.colno))
        problems.raise_if_any()
        raise
