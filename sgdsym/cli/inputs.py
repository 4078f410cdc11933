"""Files that options name: read within bounds, never executed, and refused in one line of our own words."""

from __future__ import annotations

import math
import os
import stat
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_TEXT = 64_000_000  # bytes


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, or of a pipe.

    Raises:
        ValueError: if it cannot be read, is too long or is no text.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_TEXT + 1)
    except OSError as error:
        raise ValueError(f"cannot read {path}: {_reason(error)}") from error
    if len(content) > LONGEST_TEXT:
        raise ValueError(f"{path} is longer than {LONGEST_TEXT // 10**6} MB; give a smaller file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8; save it as such") from error


def read_array(path: Path) -> NDArray[Any]:
    """The real numbers of a ``.npy`` file, which holds exactly what its header says.

    Raises:
        ValueError: if it cannot be read, holds anything but numbers, or is not whole.
    """
    try:
        with path.open("rb") as file:
            return _numbers(path, file)
    except OSError as error:
        raise ValueError(f"cannot read {path}: {_reason(error)}") from error


def _numbers(path: Path, file: IO[bytes]) -> NDArray[Any]:
    import numpy as np

    headers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    try:
        shape, by_columns, kind = headers[np.lib.format.read_magic(file)](file)
    except Exception as error:
        # what numpy raises for bytes that are no header is of many kinds, and its advice is not for our users
        raise ValueError(f"cannot read {path}: it is no .npy file of numbers; write it with numpy.save") from error
    if kind.hasobject:
        raise ValueError(f"cannot read {path}: it holds Python objects; save floats with numpy.save")
    if kind.kind not in "iuf":
        raise ValueError(f"{path} holds no array of real numbers but {kind}; save floats with numpy.save")
    status = os.fstat(file.fileno())
    count = math.prod(shape)
    if (
        not stat.S_ISREG(status.st_mode)
        or count * kind.itemsize != status.st_size - file.tell()
        or min(shape, default=0) < 0
    ):
        raise ValueError(f"{path} does not hold what its header says; write it anew with numpy.save")
    numbers = np.frombuffer(file.read(), kind, count)
    return numbers.reshape([int(side) for side in shape], order="F" if by_columns else "C")


def _reason(error: OSError) -> str:
    return (error.strerror or "unknown reason").lower()
