"""The lines of a text file, numbered as editors number them."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Final, Literal

from routekeeper.config.problems import Problems
from routekeeper.config.tree import Place
from routekeeper.domain.errors import ConfigurationError

_END: Final = re.compile(r"\r\n|\n|\r")
"""`str.splitlines` also takes form feeds, separators and more for ends of lines. Most editors do not."""


def lines_of(path: Path, errors: Literal["strict", "replace"] = "strict") -> list[str]:
    """The lines of a file, without a byte order mark. `errors` is as for `bytes.decode`.

    Raises:
        ConfigurationError: it cannot be read, or is not UTF-8, with the place.
    """
    try:
        data = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as err:
        raise ConfigurationError(f"{path}: cannot be read: {err.strerror or err}") from err
    try:
        return _END.split(data.decode(errors=errors))
    except UnicodeDecodeError as err:
        before = _END.split(data[: err.start].decode())
        problems = Problems(str(path))
        found = f"found the byte 0x{data[err.start]:02x}, expected UTF-8 text"
        problems.add("the line", found, Place(len(before), len(before[-1]) + 1))
        problems.raise_if_any()
        raise
