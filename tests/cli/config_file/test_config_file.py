"""What the command needs to read a configuration."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from routekeeper_cli import config_file
from tests.unit.config.documents import EXAMPLE


def test_only_yaml_needs_a_yaml_parser(tmp_path: Path) -> None:
    compiled = tmp_path / "failover.json"
    compiled.write_text(config_file.compiled(EXAMPLE))
    program = f"""
import pathlib, sys
sys.modules["yaml"] = None
from routekeeper.domain.errors import ConfigurationError
from routekeeper_cli import config_file
assert config_file.load(pathlib.Path({str(compiled)!r})).targets
try:
    config_file.load(pathlib.Path({str(EXAMPLE)!r}))
except ConfigurationError as err:
    print(err)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("reading YAML needs PyYAML")
