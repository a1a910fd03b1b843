"""What is doubtful about a document is told at its place, and stops nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from routekeeper.config.problems import Problems
from routekeeper.config.tree import Place
from routekeeper.domain.errors import ConfigurationError
from routekeeper_cli import config_file
from tests.unit.config.documents import EXAMPLE, HERE

ICMP = (
    "warning: no verdict without ICMP, which Lambda may refuse to send: then the target stays UNKNOWN and nothing"
    " moves; add a TCP or HTTP probe, with 'require: any'"
)
DOCUMENT = """\
version: 1
targets:
  dx: {{require: {require}, probes: {probes}}}
groups:
  idc:
    steering: {{type: tgw-prefix-list, route_table: tgw-rtb-0123456789abcdef0, prefix_list: pl-0123456789abcdef0}}
    paths:
      - {{name: dx, target: dx}}
      - {{name: vpn, attachment: tgw-attach-0123456789abcdef0}}
"""


def test_a_warning_stands_at_its_place_in_the_form_of_a_problem() -> None:
    path = HERE / "good" / "every-key.yaml"
    assert config_file.check(path).warnings == (
        f"{path}:31:7: targets.router.probes: {ICMP}",
        f"{path}:41:13: targets.nat-b.probes: {ICMP}",
    )


def test_warnings_stand_beside_problems(tmp_path: Path) -> None:
    path = tmp_path / "failover.yaml"
    path.write_text(DOCUMENT.format(require="none", probes="[{type: icmp, host: 10.0.0.1}]"))
    with pytest.raises(ConfigurationError, match=r"targets\.dx\.require: ") as caught:
        config_file.check(path)
    assert caught.value.warnings == (f"{path}:3:31: targets.dx.probes: {ICMP}",)


def test_the_example_gives_no_warning() -> None:
    assert config_file.check(EXAMPLE).warnings == ()


def test_a_file_with_warnings_is_read_and_compiled_like_any_other() -> None:
    path = HERE / "good" / "every-key.yaml"
    checked = config_file.check(path)
    assert (checked.configuration, checked.compiled) == (config_file.load(path), config_file.compiled(path))


def test_warnings_are_no_problems_and_come_in_the_order_of_the_file() -> None:
    problems = Problems("file")
    problems.warn("b", "later", Place(2, 1))
    problems.warn("", "first of all", None)
    problems.warn("a", "sooner", Place(1, 5))
    problems.raise_if_any()
    assert len(problems) == 0
    assert problems.warnings == (
        "file: the document: warning: first of all",
        "file:1:5: a: warning: sooner",
        "file:2:1: b: warning: later",
    )


def test_problems_are_raised_without_the_warnings() -> None:
    problems = Problems("file")
    problems.warn("a", "doubtful", Place(1, 1))
    problems.add("b", "wrong", Place(2, 1))
    with pytest.raises(ConfigurationError) as refused:
        problems.raise_if_any()
    assert str(refused.value) == "file:2:1: b: wrong"


@pytest.mark.parametrize(
    ("require", "probes", "warned"),
    [
        ("any", "[{type: icmp, host: 10.0.0.1}]", True),
        ("any", "[{type: icmp, host: 10.0.0.1}, {type: tcp, host: 10.0.0.1, port: 22}]", False),
        ("all", "[{type: icmp, host: 10.0.0.1}, {type: tcp, host: 10.0.0.1, port: 22}]", True),
        ("all", "[{type: tcp, host: 10.0.0.1, port: 22}]", False),
    ],
)
def test_a_target_that_lives_by_icmp_is_doubtful(tmp_path: Path, require: str, probes: str, *, warned: bool) -> None:
    file = tmp_path / "failover.yaml"
    file.write_text(DOCUMENT.format(require=require, probes=probes))
    found = (f"{file}:3:30: targets.dx.probes: {ICMP}",) if warned else ()
    assert config_file.check(file).warnings == found


SMALLEST = """\
version: 1
targets:
  a: {{probes: [{probe}]}}
  b: {{probes: [{{type: tcp, host: 10.0.2.10, port: 22}}]}}
groups:
  g:
    steering: {{type: vpc-route, route_tables: [rtb-01234567], destination: 0.0.0.0/0}}
    paths:
      - {{name: a, target: a, instance: i-01234567}}
      - {{name: b, target: {second}, instance: i-01234568}}
"""
NO_PATH = ["127.0.0.1", "127.9.9.9", "'::1'", "localhost", "a.LOCALHOST.", "'::ffff:127.0.0.1'"]
LINK_LOCAL = ["169.254.169.254", "'fe80::1'", "'fe80::1%eth0'"]


@pytest.mark.parametrize("host", [*NO_PATH, *LINK_LOCAL])
def test_a_host_that_says_nothing_about_a_path_is_doubtful(host: str, tmp_path: Path) -> None:
    file = tmp_path / "failover.yaml"
    file.write_text(SMALLEST.format(probe=f"{{type: tcp, host: {host}, port: 22}}", second="b"))
    reason = "which can always be reached: this target cannot fail" if host in NO_PATH else "says nothing about a path"
    [warning] = config_file.check(file).warnings
    assert warning.startswith(f"{file}:3:34: targets.a.probes[0].host: warning: {host.strip(chr(39))} is ")
    assert warning.endswith(reason)


def test_a_url_is_doubtful_for_the_same_reasons(tmp_path: Path) -> None:
    file = tmp_path / "failover.yaml"
    file.write_text(SMALLEST.format(probe="{type: http, url: 'http://[::1]:8080/'}", second="b"))
    [warning] = config_file.check(file).warnings
    assert "targets.a.probes[0].url: warning: ::1 is the monitor itself" in warning


@pytest.mark.parametrize("host", ["0.0.0.0", "'::'", "224.0.0.5", "'ff02::1'", "255.255.255.255", "'::ffff:0.0.0.0'"])
@pytest.mark.parametrize("form", ["{{type: tcp, port: 22, host: {host}}}", "{{type: http, url: 'http://{url}/'}}"])
def test_an_address_of_no_single_host_is_refused(host: str, form: str, tmp_path: Path) -> None:
    file, plain = tmp_path / "failover.yaml", host.strip("'")
    probe = form.format(host=host, url=f"[{plain}]" if ":" in plain else plain)
    file.write_text(SMALLEST.format(probe=probe, second="b"))
    with pytest.raises(ConfigurationError, match="which is the address of no single host"):
        config_file.check(file)


def test_a_group_whose_paths_share_their_target_is_doubtful(tmp_path: Path) -> None:
    file = tmp_path / "failover.yaml"
    file.write_text(SMALLEST.format(probe="{type: tcp, host: 10.0.1.10, port: 22}", second="a"))
    [warning] = config_file.check(file).warnings
    assert warning.removeprefix(f"{file}:9:7: groups.g.paths: warning: ") == (
        "every path has the target 'a', so all are UNHEALTHY at once: this group can never fail over; expected a target"
        " for each"
    )
