"""How a module of numpy refuses what does not fit in memory."""

from __future__ import annotations


def _check_fits(needed: float, what: str, remedy: str) -> None:
    """Refuse what takes more bytes than are free, where that is known."""
    free = _free_memory() if needed > 2**28 else None
    if free is not None and needed > free:
        raise ValueError(f"{what} {needed / 1e9:.3g} GB, but {free / 1e9:.3g} GB are free; {remedy}")


def _free_memory() -> int | None:
    """Bytes that can be had without swapping, or None where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return None
