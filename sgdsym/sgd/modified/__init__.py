"""Backward error analysis: the continuous dynamics that descent follows to every order, and the loss it descends.

The room knows the modified vector field of gradient descent, with momentum too, the generator of SGD, and the mean map of an epoch.
It refuses to know how a series is printed or evaluated.
"""

from sgdsym.sgd.modified.equation import PARTS, epoch_map, estimate_parts, modified
from sgdsym.sgd.modified.losses import loss_corrections, modified_loss

__all__ = ["PARTS", "epoch_map", "estimate_parts", "loss_corrections", "modified", "modified_loss"]
