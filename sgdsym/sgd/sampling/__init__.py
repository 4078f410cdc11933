r"""How the steps of a run draw data.

A run makes :math:`T` updates with batches of :math:`B` data points.  All that the expansion needs to know of the way the batches are
drawn is one number per *placement*: steps on a forest, sorted into blocks, each block seeing one data point.  It is the
expected weight

.. math:: W = E\sum_{t,\,n} B^{-d}\prod_{steps\ v} [n_v \in B_{t_v}]\; w(t)

summed over the times :math:`t_v` (strictly increasing along every edge) and the data points :math:`n_v` (equal within a block, free
between blocks), where :math:`w(t)` is the weight that the optimiser gives to the times.  A sampling says which steps are on one
level, in one batch, how many data points that takes (``arrangements``), and what it is worth
(``value``); how the times of levels are summed is :mod:`sgdsym.times.calendar`'s.  So the number is a polynomial or rational
function of the sizes:

========== ================================================ =====================================
`online`   fresh points for ever                            symbols :math:`T, B`
`full`     all :math:`N` points at every step (GD)          :math:`T, N`
`replace`  every slot draws one of :math:`N` points         :math:`T, N, B`, :math:`T = EN/B`
`fixed`    :math:`E` epochs over the same ordered batches   :math:`N, B, E`
`reshuffle` :math:`E` epochs, a fresh permutation in each   :math:`N, B, E`
========== ================================================ =====================================

A sixth, ``given``, is `reshuffle` where the population is the training set: the series is then evaluated on its points.

Each lives in a file of its own; a new one needs that file, an entry below, and its value in :mod:`sgdsym.series.dynamics`.
"""

from __future__ import annotations

from sgdsym.series import FIXED, FULL, ONLINE, REPLACE, RESHUFFLE, SamplingScheme
from sgdsym.sgd.sampling.base import Sampling, Sizes
from sgdsym.sgd.sampling.fixed import Fixed
from sgdsym.sgd.sampling.full import Full
from sgdsym.sgd.sampling.given import Given
from sgdsym.sgd.sampling.online import Online
from sgdsym.sgd.sampling.replace import Replace
from sgdsym.sgd.sampling.reshuffle import Reshuffle

COUNTED: dict[SamplingScheme, type[Sampling]] = {
    ONLINE: Online,
    FIXED: Fixed,
    RESHUFFLE: Reshuffle,
    REPLACE: Replace,
    FULL: Full,
}

__all__ = ["COUNTED", "Fixed", "Full", "Given", "Online", "Replace", "Reshuffle", "Sampling", "Sizes"]
