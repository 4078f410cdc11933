"""Ready-made schedules against those of PyTorch, and against their formulas where it has none."""

import warnings
from math import cos, pi

import numpy as np
import pytest

from sgdsym import schedules


def rates_of(make, steps):
    """The rates that a scheduler of PyTorch gives to the updates of a run."""
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    with warnings.catch_warnings():
        # sequences of schedulers step once while they are made
        warnings.simplefilter("ignore")
        scheduler = make(torch.optim.lr_scheduler, optimizer)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scheduler.step()
    return found


def in_sequence(kind, optimizer, parts, milestones):
    return kind.SequentialLR(optimizer, parts, milestones)


CASES = {
    "linear": (
        schedules.linear(7, first=0.5, last=0.25),
        lambda kind, o: kind.LinearLR(o, start_factor=0.5, end_factor=0.25, total_iters=7),
    ),
    "step": (schedules.step(9, every=2, factor=0.3), lambda kind, o: kind.StepLR(o, step_size=2, gamma=0.3)),
    "exponential": (schedules.exponential(6, factor=0.9), lambda kind, o: kind.ExponentialLR(o, gamma=0.9)),
    "inverse time": (
        schedules.inverse_time(6, scale=2.5),
        lambda kind, o: kind.LambdaLR(o, lambda t: 1 / (1 + t / 2.5)),
    ),
    "cosine": (
        schedules.warmup_cosine(8, warmup=0, last=0.125),
        lambda kind, o: kind.CosineAnnealingLR(o, T_max=8, eta_min=0.125),
    ),
    "warm-up and cosine": (
        schedules.warmup_cosine(10, warmup=4, last=0.25),
        lambda kind, o: in_sequence(
            kind,
            o,
            [kind.LinearLR(o, 1 / 4, total_iters=3), kind.CosineAnnealingLR(o, T_max=6, eta_min=0.25)],
            [4],
        ),
    ),
    "warm-up, plateau and fall": (
        schedules.warmup_stable_decay(12, warmup=3, decay=4, last=0.5),
        lambda kind, o: in_sequence(
            kind,
            o,
            [
                kind.LinearLR(o, 1 / 3, total_iters=2),
                kind.ConstantLR(o, 1.0, total_iters=1),
                kind.LinearLR(o, 1.0, end_factor=0.5, total_iters=4),
            ],
            [3, 8],
        ),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_schedules_are_those_of_pytorch(name):
    ours, make = CASES[name]
    np.testing.assert_allclose(ours, rates_of(make, len(ours)), rtol=1e-12)


def test_schedules_are_their_formulas_at_the_edges():
    assert schedules.warmup_cosine(3, warmup=3).tolist() == [1 / 3, 2 / 3, 1.0]
    assert schedules.warmup_stable_decay(4, warmup=0, decay=0).tolist() == [1.0] * 4
    assert schedules.warmup_stable_decay(4, warmup=0, decay=4).tolist() == schedules.linear(4).tolist()
    np.testing.assert_allclose(schedules.warmup_cosine(5, warmup=0)[2], (1 + cos(2 * pi / 5)) / 2)
    for empty in (schedules.linear(0), schedules.warmup_cosine(0, warmup=0), schedules.step(0, every=1)):
        assert empty.shape == (0,)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (lambda: schedules.warmup_cosine(4, warmup=5), "warmup"),
        (lambda: schedules.warmup_stable_decay(4, warmup=2, decay=3), "decay"),
        (lambda: schedules.step(4, every=0), "every"),
        (lambda: schedules.inverse_time(4, scale=0), "scale"),
        (lambda: schedules.linear(-1), "steps"),
        (lambda: schedules.exponential(3, factor=float("nan")), "factor"),
    ],
)
def test_other_arguments_are_refused(wrong, complaint):
    with pytest.raises(ValueError, match=complaint):
        wrong()
