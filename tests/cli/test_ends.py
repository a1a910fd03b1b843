"""How the command ends where it is not let to its end: as a process, because that is what a shell sees."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from routekeeper_cli.verbs import VERBS
from tests.unit.config.documents import EXAMPLE, HERE

COMMAND = (sys.executable, "-m", "routekeeper_cli")
INTERRUPTIBLE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where whoever started the tests ignores it
from routekeeper_cli.main import main
sys.exit(main(sys.argv[1:]))
"""
READING = {
    "check": ("FIFO",),
    "compile_file": ("FIFO", "-o", "never.json"),
    "cost": ("--config", "FIFO", "--region", "us-east-1"),
    "replay": ("FIFO", "--config", str(HERE / "good" / "smallest.yaml")),
    "trace": ("FIFO",),
    "tune": ("--config", "FIFO", "--no-plot"),
}
"""Arguments with which each verb reads from FIFO."""
BAD = str(HERE / "bad" / "shape" / "version-2.yaml")


def names() -> list[str]:
    return [getattr(verb, "__name__", "").rpartition(".")[2] for verb in VERBS]


def test_every_verb_is_interrupted_here() -> None:
    assert sorted(READING) == sorted(names())


@pytest.mark.parametrize("verb", READING)
def test_ctrl_c_is_one_line_and_exit_code_130(verb: str, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo.yaml"
    os.mkfifo(fifo)
    arguments = [str(fifo) if argument == "FIFO" else argument for argument in READING[verb]]
    begun = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, verb.partition("_")[0], *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    with begun, fifo.open("w"):  # opens once the other end is, by the verb, which now waits for text
        begun.send_signal(signal.SIGINT)
        out, err = begun.communicate()
    assert (begun.returncode, out, err) == (130, "", "interrupted\n")
    assert not (tmp_path / "never.json").exists()


@contextmanager
def nobody() -> Iterator[int]:
    """A pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        yield writer
    finally:
        os.close(writer)


def ran(
    *arguments: str, stdout: int | IO[str], stderr: int | IO[str] = subprocess.PIPE, unbuffered: str = ""
) -> tuple[int, str]:
    """The exit code, and what was said on standard error where that is a pipe of ours."""
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    command = [*COMMAND, *arguments]
    done = subprocess.run(command, stdout=stdout, stderr=stderr, env=environment, text=True, check=False)
    return done.returncode, done.stderr or ""


@pytest.mark.parametrize("lines", [1, 10_000], ids=["less than a buffer", "more than a buffer"])
def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path, lines: int) -> None:
    log = tmp_path / "log.txt"
    rounds = [f"{second}.000,a,dx,ok,5" for second in range(lines)]
    log.write_text(json.dumps({"message": "rounds", "rounds": rounds, "left_out": []}))
    with nobody() as pipe:
        assert ran("trace", str(log), stdout=pipe) == (141, "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("check", "--help"), ("check", str(EXAMPLE))])
def test_help_that_nobody_reads_ends_quietly_too(arguments: tuple[str, ...], unbuffered: str) -> None:
    with nobody() as pipe:
        assert ran(*arguments, stdout=pipe, unbuffered=unbuffered) == (141, "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [("check", str(EXAMPLE)), ("--help",), ("--version",)])
def test_output_that_cannot_be_written_is_an_error_in_one_line(arguments: tuple[str, ...], unbuffered: str) -> None:
    told = "standard output: cannot be written: No space left on device\n"
    with Path("/dev/full").open("w") as full:
        assert ran(*arguments, stdout=full, unbuffered=unbuffered) == (2, told)


@pytest.mark.parametrize(
    ("arguments", "code"), [(("check", str(EXAMPLE)), 2), (("--help",), 2), (("--version",), 2), (("check", BAD), 2)]
)
def test_output_that_is_closed_is_an_error_too(arguments: tuple[str, ...], code: int) -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert BAD in arguments or done.stderr == "standard output: cannot be written: it is closed\n"


def test_a_verb_that_says_nothing_needs_no_output(tmp_path: Path) -> None:
    compiled = tmp_path / "failover.json"
    command = [*COMMAND, "compile", str(EXAMPLE), "-o", str(compiled)]
    done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, compiled.exists()) == (0, "", True)


INTERRUPTED_WHILE_LOADING = """
import sys
class Interrupt:
    def find_spec(self, name, *_):
        if name == "argparse":
            raise KeyboardInterrupt
from routekeeper_cli.__main__ import start
sys.modules.pop("argparse", None)
sys.meta_path.insert(0, Interrupt())
sys.exit(start())
"""


def test_ctrl_c_while_the_command_is_loaded_is_one_line_too() -> None:
    command = [sys.executable, "-c", INTERRUPTED_WHILE_LOADING, "check", str(EXAMPLE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


def test_what_is_more_than_a_buffer_and_cannot_be_written_is_one_line_too(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    rounds = [f"{second}.000,a,dx,ok,5" for second in range(10_000)]
    log.write_text(json.dumps({"message": "rounds", "rounds": rounds, "left_out": []}))
    with Path("/dev/full").open("w") as full:
        told = "standard output: cannot be written: No space left on device\n"
        assert ran("trace", str(log), stdout=full) == (2, told)


def test_a_terminal_that_does_not_speak_utf_8_is_told_in_escapes(tmp_path: Path) -> None:
    file = tmp_path / "failover.yaml"
    text = (HERE / "good" / "smallest.yaml").read_text()
    file.write_text(text.replace("{type: tcp, host: 10.1.0.5, port: 22}", "{type: http, url: 'http://r/\u00e9\u20ac'}"))
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run([*COMMAND, "check", file], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert r"GET http://r/\xe9\u20ac, status 200" in done.stdout


def test_the_exit_code_stands_where_standard_error_cannot_be_written() -> None:
    with Path("/dev/full").open("w") as full, nobody() as pipe:
        assert ran("check", BAD, stdout=subprocess.DEVNULL, stderr=full)[0] == 2
        assert ran("check", BAD, stdout=subprocess.DEVNULL, stderr=pipe)[0] == 2


LISTING = """
import sys
from routekeeper_cli.main import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print("MODULES", *sys.modules)
"""


def imported(*arguments: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", LISTING, *arguments], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("MODULES")[2].split())


@pytest.mark.parametrize("arguments", [("--help",), ("tune", "--help"), ("--version",)])
def test_help_waits_for_nothing_that_only_a_verb_needs(arguments: tuple[str, ...]) -> None:
    heavy = {"aws_lambda_powertools", "boto3", "botocore", "matplotlib", "numpy", "yaml"}
    heavy |= {f"routekeeper_cli.{part}" for part in ("config_file", "costs", "replay", "tune", "words")}
    assert heavy.isdisjoint(imported(*arguments))


def test_a_verb_waits_for_nothing_that_only_another_one_needs() -> None:
    heavy = {"boto3", "botocore", "matplotlib", "numpy", "routekeeper_cli.replay", "routekeeper_cli.tune"}
    assert heavy.isdisjoint(imported("check", str(EXAMPLE)))
