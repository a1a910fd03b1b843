"""The functions' Python path as Lambda has it: what `sam build` packages, and beside it the runtime's botocore."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Final

from bench.results_file import PROJECT

CONFIGURATION: Final = PROJECT / "config" / "failover.yaml"
ENVIRONMENT: Final = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "ROUTEKEEPER_TABLE": "bench",
    "ROUTEKEEPER_DEPLOYMENT": "bench",
    "ROUTEKEEPER_VANTAGE": "a",
    "ROUTEKEEPER_TOPIC_ARN": "arn:aws:sns:eu-central-1:123456789012:bench",
}


def build(directory: Path) -> Path:
    """Package both layers into `directory` with the makefiles that `sam build` uses; where they lie."""
    for layer in ("routekeeper", "config"):
        subprocess.run(
            ["make", "-s", f"build-{layer.title()}Layer"],
            cwd=PROJECT / "layers" / layer,
            env={**os.environ, "ARTIFACTS_DIR": str(directory), "ROUTEKEEPER_CONFIG": str(CONFIGURATION)},
            check=True,
        )
    return directory / "python"


def environment(layer: Path, function: str | None = None) -> dict[str, str]:
    """The variables for a fresh interpreter run with -S: nothing but the layer and the runtime's libraries."""
    code = [str(PROJECT / "functions" / function)] if function else []
    path = [*code, str(layer), sysconfig.get_paths()["purelib"]]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, **ENVIRONMENT, "PYTHONPATH": os.pathsep.join(path), "PYTHONHASHSEED": "0"}
