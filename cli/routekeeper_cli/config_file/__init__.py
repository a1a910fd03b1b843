"""A configuration as a person keeps it: a file of YAML, or of JSON as `routekeeper compile` writes it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from routekeeper.config import json_file, limits, thresholds
from routekeeper.config.document import read_document
from routekeeper.config.problems import Problems
from routekeeper.config.tree import Node, to_plain
from routekeeper.domain.errors import ConfigurationError
from routekeeper.domain.settings import Configuration
from routekeeper_cli.text_file import text_of

__all__ = ["Checked", "check", "compiled", "load"]


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that has passed every check."""

    configuration: Configuration
    warnings: tuple[str, ...]
    """What is allowed but may not be what is wanted: one on a line, with file, line and column."""
    compiled: str
    """The same document as the JSON text that functions read."""


def check(path: Path) -> Checked:
    """What a file holds, with the warnings about it. It is JSON if its name ends in `.json`, otherwise YAML.

    Raises:
        ConfigurationError: the file cannot be read, or every problem in it, one on a line.
    """
    problems = Problems(str(path))
    tree = _tree(path, problems)
    configuration = read_document(tree, problems, thresholds.WorkingOut())
    shipping = thresholds.join(tree, configuration.targets.values())
    text = json.dumps(to_plain(shipping), indent=2, ensure_ascii=False) + "\n"
    if len(text.encode()) > limits.COMPILED_BYTES:
        raise ConfigurationError(
            f"{path}: compiled it is larger than {limits.COMPILED_BYTES // 1024} KB, expected less"
        )
    return Checked(configuration, problems.warnings, text)


def load(path: Path) -> Configuration:
    """The configuration in a file, without the warnings.

    Raises:
        ConfigurationError: as `check`.
    """
    return check(path).configuration


def compiled(path: Path) -> str:
    """The document in a file as the JSON text that functions read.

    Raises:
        ConfigurationError: as `check`.
    """
    return check(path).compiled


def _tree(path: Path, problems: Problems) -> Node:
    is_json = path.suffix == ".json"
    text = text_of(path, limits.COMPILED_BYTES if is_json else limits.FILE_BYTES)
    if is_json:
        root, _ = thresholds.split(json_file.parse(text, problems, places=True), problems)
        return root
    from routekeeper_cli.config_file import yaml_file  # noqa: PLC0415 - needs PyYAML, which JSON does without

    return yaml_file.parse(text, problems)
