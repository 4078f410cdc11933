"""Batches that differ from each other, or do not fill an epoch, as a request describes them in numbers.

The file knows sizes of batches and numbers of updates.  It refuses to know how points get into batches (:mod:`sgdsym.sgd.sampling`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sgdsym.series import Dynamics, SamplingScheme

LAST_BATCHES = ("short", "drop")


@dataclass(frozen=True, slots=True)
class Batches:
    """The batches of an epoch that they do not fill, or of a run that lists them.

    Attributes:
        slots: the number of updates in an epoch, where it is not :math:`N/B`.
        listed: the sizes of the batches of an epoch, or of the run, where they differ.
    """

    slots: int | None = None
    listed: tuple[int, ...] = ()

    @classmethod
    def of_epoch(cls, points: int, batch_size: int, last_batch: str) -> Batches:
        """The batches that so many points are cut into, the last of them short or dropped.

        >>> Batches.of_epoch(7, 3, "short"), Batches.of_epoch(7, 3, "drop")
        (Batches(slots=3, listed=(3, 3, 1)), Batches(slots=2, listed=()))
        """
        whole, left = divmod(points, batch_size)
        if not left:
            return cls()
        return cls(whole) if last_batch == "drop" else cls(whole + 1, (*[batch_size] * whole, left))


def check_list(sizes: tuple[int, ...], dynamics: Dynamics, scheme: SamplingScheme, *, in_epochs: bool) -> None:
    """Refuse a list of batch sizes where epochs are cut into batches of one size, or where there are none.

    Raises:
        ValueError: saying where it belongs.
    """
    if not sizes:
        raise ValueError("the list of batch sizes is empty; give one for each update")
    if scheme.is_in_epochs or not dynamics.has_batches or dynamics.is_continuous:
        raise ValueError("a list of batch sizes is for sampling online and replace; give one batch size")
    if in_epochs:
        raise ValueError("a list of batch sizes says how many updates there are; leave the epochs out")


def check_last(scheme: SamplingScheme, points: object, batch_size: object) -> None:
    """Refuse a last batch where epochs have none, or where it is not known how many points it has.

    Raises:
        ValueError: saying what is missing.
    """
    if not scheme.is_in_epochs:
        raise ValueError(
            "only epochs have a last batch; choose sampling fixed or reshuffle, or leave the last batch out"
        )
    if not isinstance(points, int) or not isinstance(batch_size, int):
        raise ValueError("a last batch is short or dropped in numbers; give the dataset size and the batch size")
    if batch_size > points:
        raise ValueError(f"batch size {batch_size} is larger than dataset size {points}")
