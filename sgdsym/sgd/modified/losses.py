r"""The modified loss: the function whose gradient flow is the modified equation, where there is one."""

from __future__ import annotations

from dataclasses import replace

from sgdsym.series import MODIFIED_LOSS, Series, Setting
from sgdsym.sgd.gradients import potential


def loss_corrections(drift: Series) -> list[Series | None]:
    r"""For each order of a drift, the part of the modified loss that it descends, or ``None`` where it is no gradient.

    Entry :math:`k` is :math:`R_k`, of order :math:`k` in the learning rate, with
    :math:`\dot\theta = -\eta\,\nabla(R_0 + R_1 + …)` for time in steps.

    Args:
        drift: a drift, from :func:`modified`.

    Raises:
        ValueError: if the series has other than one open index.

    >>> from sgdsym.sgd.modified import modified
    >>> [None if found is None else str(found) for found in loss_corrections(modified(dynamics="gd", order=3))]
    ['l', '(1/4) η G·G', None]
    """
    if drift.setting.open_indices != 1:
        raise ValueError(f"only a drift descends a loss, not the {drift.setting.observable}")
    return [_descended(drift.order(k)) for k in range(1, drift.truncation + 1)]


def modified_loss(drift: Series) -> Series:
    r"""The modified loss, to the last order that is a gradient like all before it.

    .. math:: \dot\theta = -\eta\,\nabla \tilde l(\theta) + \text{what is not a gradient}, \qquad t \text{ in steps}

    Args:
        drift: a drift, from :func:`modified`.

    Returns:
        The modified loss; its truncation is the last order it is known to.

    Raises:
        ValueError: if the series is no drift, or not even its first order is a gradient.

    Source: [Barrett2021]_; [Smith2021]_.

    >>> from sgdsym.sgd.modified import modified
    >>> print(modified_loss(modified(sampling="reshuffle", order=3, batch_size=1)).as_moments())
    l
    + (1/4) η E[g·g]
    """
    leading: list[Series] = []
    for found in loss_corrections(drift):
        if found is None:
            break
        leading.append(found)
    if not leading:
        raise ValueError("the drift is no gradient in its first order: there is no loss that it descends")
    terms = {diagram: c for found in leading for diagram, c in found.terms.items()}
    setting = replace(drift.setting, observable=MODIFIED_LOSS)
    return Series(terms, len(leading) - 1, drift.basis, setting, drift.again(modified_loss), drift.conditions)


def _descended(layer: Series) -> Series | None:
    try:
        found = -potential(layer)
    except ValueError:
        return None
    return replace(found, setting=Setting(MODIFIED_LOSS, layer.setting.dynamics, layer.setting.sampling))
