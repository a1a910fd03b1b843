"""Text of a file that a person wrote, of bounded length."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from routekeeper.domain.errors import ConfigurationError

_KB: Final = 1024


def text_of(path: Path, most_bytes: int) -> str:
    """What the file says, without a byte order mark. At most one byte more than `most_bytes` is read.

    Raises:
        ConfigurationError: it cannot be read, is larger, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except OSError as err:
        raise ConfigurationError(f"{path}: cannot be read: {err.strerror or err}") from err
    if len(data) > most_bytes:
        raise ConfigurationError(f"{path}: larger than {_size(most_bytes)}, expected a smaller file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise ConfigurationError(f"{path}: not UTF-8 text: {err.reason} at byte {err.start}") from err


def _size(octets: int) -> str:
    return f"{octets // _KB} KB" if octets < 10 * _KB * _KB else f"{octets // _KB // _KB} MB"
