"""What `sam build` packages, by the same makefiles and from a copied source directory, as sam does it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from trim_models import OPERATIONS

ROOT = Path(__file__).parents[2]
CONFIGURATION = """\
version: 1
targets:
  dx-router:
    probes: [{type: icmp, host: 10.109.2.1}]
groups:
  idc:
    steering: {type: tgw-prefix-list, route_table: tgw-rtb-0d86bcd71877f6d88, prefix_list: pl-0d81338f99b4770b6}
    paths:
      - {name: dx, target: dx-router}
      - {name: vpn, attachment: tgw-attach-0f21402e36c7c65ed}
"""
MISTAKEN = CONFIGURATION.replace("target: dx-router", "target: dx-ruoter")


def build(layer: str, tmp_path: Path, root: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """As `sam build` does it: the source copied elsewhere, the makefile called where it is."""
    source = root / "layers" / layer
    scratch = tmp_path / "scratch"
    shutil.copytree(source, scratch)
    return subprocess.run(
        ["make", "--makefile", str(source / "Makefile"), f"build-{layer.title()}Layer"],
        cwd=scratch,
        env={**os.environ, "ARTIFACTS_DIR": str(tmp_path / "artifacts"), "MAKEFLAGS": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("routekeeper")
    built = build("routekeeper", tmp_path)
    assert built.returncode == 0, built.stderr
    return tmp_path / "artifacts" / "python"


def test_the_layer_holds_the_package_and_its_dependencies(package: Path) -> None:
    names = {path.name for path in package.iterdir() if not path.name.endswith(".dist-info")}
    assert names == {"routekeeper", "aws_lambda_powertools", "jmespath", "typing_extensions.py", "tzdata"}


def test_the_layer_runs_on_every_processor_and_python(package: Path) -> None:
    assert not [path for path in package.rglob("*") if path.suffix in {".so", ".pyd", ".pyc"}]


def test_a_cold_start_reads_only_the_calls_that_the_functions_make(package: Path) -> None:
    code = """
import sys; sys.path.insert(0, sys.argv[1])
from routekeeper.bootstrap.clients import Clients
clients = Clients()
print(*sorted(clients.ec2().meta.method_to_api_mapping.values()))
assert not {"boto3", "aws_lambda_powertools", "yaml"} & set(sys.modules)
"""
    ran = subprocess.run(
        [sys.executable, "-c", code, str(package)],
        env={**os.environ, "AWS_DEFAULT_REGION": "cn-northwest-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == list(OPERATIONS["ec2"])


def test_the_layer_imports_without_what_only_the_building_machine_has(package: Path) -> None:
    code = "import routekeeper, aws_lambda_powertools, sys; assert 'yaml' not in sys.modules"
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(package)!r}); {code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_the_configuration_is_compiled_into_its_own_layer(tmp_path: Path) -> None:
    (tmp_path / "failover.yaml").write_text(CONFIGURATION)
    built = build("config", tmp_path, ROUTEKEEPER_CONFIG=str(tmp_path / "failover.yaml"))
    assert built.returncode == 0, built.stderr
    packaged = tmp_path / "artifacts" / "python" / "routekeeper_config"
    assert sorted(path.name for path in packaged.iterdir()) == ["__init__.py", "failover.json"]
    assert "dx-router" in json.loads((packaged / "failover.json").read_text())["targets"]


def test_warnings_about_the_configuration_are_told_where_sam_shows_them(tmp_path: Path) -> None:
    doubtful = tmp_path / "failover.yaml"
    doubtful.write_text(CONFIGURATION)
    built = build("config", tmp_path, ROUTEKEEPER_CONFIG=str(doubtful))
    assert built.returncode == 0, built.stderr
    assert f"\n{doubtful}:4:13: targets.dx-router.probes: warning: " in f"\n{built.stdout}"


def test_a_mistake_in_the_configuration_fails_the_build_and_says_where(tmp_path: Path) -> None:
    mistaken = tmp_path / "failover.yaml"
    mistaken.write_text(MISTAKEN)
    built = build("config", tmp_path, ROUTEKEEPER_CONFIG=str(mistaken))
    assert built.returncode != 0
    assert f"{mistaken}:9:28" in built.stderr
    assert "dx-ruoter" in built.stderr
    assert not list((tmp_path / "artifacts").rglob("failover.json"))


def test_a_configuration_that_is_not_there_fails_the_build(tmp_path: Path) -> None:
    built = build("config", tmp_path, ROUTEKEEPER_CONFIG="nowhere.yaml")
    assert built.returncode != 0
    assert "nowhere.yaml" in built.stderr


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The project where a path has what shells and make take apart: a space, a quote."""
    clone = tmp_path / "sp ace" / "it's"
    for name in ("cli", "layers", "requirements"):
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy2(ROOT / name, clone)
    (clone / "build").symlink_to(ROOT / "build")
    return clone


@pytest.mark.parametrize(
    "name", ["failover.yaml", "fail over.yaml", "it's.yaml", 'a "quoted" one.yaml', "$(HOME) `id`.yaml"]
)
def test_the_configuration_is_compiled_whatever_its_path_holds(clone: Path, name: str) -> None:
    (clone / name).write_text(CONFIGURATION)
    built = build("config", clone / "new build", clone, ROUTEKEEPER_CONFIG=name)
    assert built.returncode == 0, built.stderr
    packaged = clone / "new build" / "artifacts" / "python" / "routekeeper_config"
    assert sorted(path.name for path in packaged.iterdir()) == ["__init__.py", "failover.json"]


def test_the_package_is_built_whatever_the_path_holds(clone: Path) -> None:
    built = build("routekeeper", clone / "new build", clone)
    assert built.returncode == 0, built.stderr
    assert (clone / "new build" / "artifacts" / "python" / "routekeeper" / "models").is_dir()
