"""The state of a run in a file, from which it goes on: whole or not at all, and without anything that is executed."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sgdsym.numeric.matrix_free.calculus import Floats
from sgdsym.numeric.matrix_free.refusal import FinalError


def save_run(file: Path, signature: Mapping[str, int], t: int, records: Floats, arrays: Mapping[str, Any]) -> None:
    """Write the state; the file that was there before is replaced once the new one is whole."""
    temporary = file.with_name(f".{file.name}.new")
    numbers = {f"asked_{name}": np.array(value) for name, value in signature.items()}
    with temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, t=np.array(t), records=records, **numbers, **arrays)
    temporary.replace(file)


def load_run(file: Path, signature: Mapping[str, int], arrays: Mapping[str, Any]) -> tuple[int, Floats, dict[str, Any]]:
    """Read the state.

    Raises:
        ValueError: if the file is no checkpoint, or one of another run.
    """
    try:
        with np.load(file, allow_pickle=False) as found:
            asked = {name: int(found[f"asked_{name}"]) for name in signature}
            state = {name: found[name] for name in arrays}
            t, records = int(found["t"]), found["records"]
    except (KeyError, OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise FinalError(f"{file} is no checkpoint of such a run; remove it or name another file") from error
    other = next((name for name, value in signature.items() if asked[name] != value), None)
    if other is not None:
        raise FinalError(
            f"{file} is the checkpoint of a run with {other} {asked[other]}, not {signature[other]}; name another file"
        )
    for name, array in arrays.items():
        if state[name].shape != array.shape or state[name].dtype != array.dtype:
            raise FinalError(f"{file} is the checkpoint of another model or optimiser; name another file")
    return t, records, state
