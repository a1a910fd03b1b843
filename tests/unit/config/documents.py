"""The example documents that stand beside these tests."""

from __future__ import annotations

from pathlib import Path

from routekeeper.config import tree
from routekeeper.config.problems import Problems
from routekeeper_cli.config_file import yaml_file

HERE = Path(__file__).parent
PROJECT = HERE.parents[2]
EXAMPLE = PROJECT / "config" / "failover.yaml"
SCHEMA = PROJECT / "config" / "failover.schema.json"
GOOD = sorted((HERE / "good").glob("*.yaml"))
SYNTAX = sorted((HERE / "bad" / "syntax").glob("*.yaml"))
"""What is no usable YAML."""
SHAPE = sorted((HERE / "bad" / "shape").glob("*.yaml"))
"""What a schema can tell to be wrong."""
MEANING = sorted((HERE / "bad" / "meaning").glob("*.yaml"))
"""What is wrong only to somebody who understands it."""


def plain(path: Path) -> object:
    """The document as editors see it, whatever it means."""
    return tree.to_plain(yaml_file.parse(path.read_text(), Problems(path.name)))
