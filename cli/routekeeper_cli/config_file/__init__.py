"""A configuration as a person keeps it: a file of YAML, or of JSON as `routekeeper compile` writes it."""

from __future__ import annotations

import json
from pathlib import Path

from routekeeper.config import json_file
from routekeeper.config.document import read_document
from routekeeper.config.problems import Problems
from routekeeper.config.tree import Node, to_plain
from routekeeper.domain.errors import ConfigurationError
from routekeeper.domain.settings import Configuration

__all__ = ["compiled", "load"]


def load(path: Path) -> Configuration:
    """The configuration in a file: JSON where its name ends in `.json`, else YAML.

    Raises:
        ConfigurationError: the file cannot be read, or every problem in it, a line each.
    """
    problems = Problems(str(path))
    return read_document(_tree(path, problems), problems)


def compiled(path: Path) -> str:
    """The document in a file as the JSON text that functions read, once it has passed every check.

    Raises:
        ConfigurationError: as `load`.
    """
    problems = Problems(str(path))
    tree = _tree(path, problems)
    read_document(tree, problems)
    return json.dumps(to_plain(tree), indent=2, ensure_ascii=False) + "\n"


def _tree(path: Path, problems: Problems) -> Node:
    text = _text_of(path)
    if path.suffix == ".json":
        return json_file.parse(text, problems)
    from routekeeper_cli.config_file import yaml_file  # noqa: PLC0415 - needs PyYAML, which JSON does without

    return yaml_file.parse(text, problems)


def _text_of(path: Path) -> str:
    """What a file that a person wrote says, without a byte order mark."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as err:
        raise ConfigurationError(f"{path}: cannot be read: {err.strerror or err}") from err
    except UnicodeDecodeError as err:
        raise ConfigurationError(f"{path}: not UTF-8 text: {err.reason} at byte {err.start}") from err
