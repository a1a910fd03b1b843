"""`routekeeper compile` writes its output as a whole, or leaves what is there."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from routekeeper_cli import config_file
from routekeeper_cli.main import main
from tests.unit.config.documents import EXAMPLE, HERE

BAD = HERE / "bad" / "shape" / "version-2.yaml"


@pytest.mark.parametrize("text", [BAD.read_bytes(), b"[" * 9000, b'version: "\\ud800"', b"\xff", b""])
def test_what_was_there_stays_where_the_file_has_problems(text: bytes, tmp_path: Path) -> None:
    file, output = tmp_path / "failover.yaml", tmp_path / "out.json"
    file.write_bytes(text)
    output.write_text("as before")
    assert main(["compile", str(file), "-o", str(output)]) == 2
    assert output.read_text() == "as before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["failover.yaml", "out.json"]


def test_what_was_there_stays_where_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.json"
    output.write_text("as before")

    def full(self: Path, text: str, encoding: str) -> None:
        self.write_bytes(text.encode(encoding)[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    assert main(["compile", str(EXAMPLE), "-o", str(output)]) == 2
    assert capsys.readouterr().err == f"{output}: cannot be written: No space left on device\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    assert output.read_text() == "as before"


def test_a_link_stays_a_link_and_a_file_keeps_its_mode(tmp_path: Path) -> None:
    place, link = tmp_path / "place.json", tmp_path / "link.json"
    place.write_text("as before")
    place.chmod(0o640)
    link.symlink_to(place)
    assert main(["compile", str(EXAMPLE), "-o", str(link)]) == 0
    assert link.is_symlink()
    assert (place.read_text(), place.stat().st_mode & 0o777) == (config_file.compiled(EXAMPLE), 0o640)


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    assert main(["compile", str(EXAMPLE), "-o", str(pipe)]) == 0
    reader.join(timeout=10)
    assert read == [config_file.compiled(EXAMPLE)]
    assert pipe.is_fifo()
