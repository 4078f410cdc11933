"""The public calls, each with arguments that are right: what the fuzzer starts from."""

import numpy as np
import sympy as sp

import sgdsym
from sgdsym import noise, numeric, sgd, stationary
from sgdsym.numeric.matrix_free import Effort, Estimate, Run
from sgdsym.numeric.matrix_free.data import read_weights
from sgdsym.numeric.matrix_free.legs import read_legs
from sgdsym.simulation import bundled_landscape
from sgdsym.tensors import code_names

x, y = sp.symbols("x y")
T = sgdsym.Coefficient.symbol("T")
H, C = [[2, 0], [0, 1]], [[1, 0], [0, 3]]
SERIES = sgdsym.expand(order=2, batch_size=1)
EPOCHS = sgdsym.expand(order=2, sampling="reshuffle")
RATED = sgdsym.expand(order=1, batch_size=1, schedule="lambda", momentum="mu")
DECAYING = sgdsym.expand(order=2, batch_size=1, weight_decay=sp.Rational(1, 2))
MOVED = sgdsym.expand(order=1, observable="displacement")
LONG = sgdsym.resum(order=2)
NOISE = sgdsym.Diagram(3, [(0, 1), (1, 2)], [(0, 2)])
TENSORS = [[0.0, 1.0], [[1.0], [3.0]], [[[0.0]], [[2.0]]]]
KERNEL = SERIES.kernel(unbiased=True)
LONG_KERNEL = LONG.kernel()
HALF = sp.Rational(1, 2)
RUN = sgdsym.trajectory(order=1)
ESTIMATE = Estimate(0.5, 0.0, np.array([1.0, -1.0, 0.5]), np.zeros(3))


def QUADRATIC(theta):
    # the derivatives of two quadratic losses
    return {0: [theta[0]] * 2, 1: [[theta[0] - 1], [theta[0] + 1]], 2: [[[1]], [[1]]], 3: [[[[0]]], [[[0]]]]}


RUN_KERNEL = RUN.kernel()
BOWL = sgdsym.Landscape.numpy(
    lambda w, x: ((w - x) ** 2).sum(axis=-1) / 2, [1.0], [[0.0], [2.0]], gradient=lambda w, x: w - x
)
SYMBOLIC = numeric.from_sympy((x - y) ** 2 / 2, x, y, [0, 1])
MODEL = noise.Empirical({0: [0, 1], 1: [[1], [3]], 2: [[[0]], [[2]]]})
EQUATION = stationary.fokker_planck([x], x**2 / 2, 1)
LAW = stationary.mean_square_stability([[[1]], [[3]]], batch_size=1, gradients=[[1], [-1]])
GIBBS = stationary.gibbs([x], x**2 / 2)
WELL = stationary.Barrier(
    *map(np.array, ([-1.0], [0.0], [1.0])), 1.0, 1.25, 1.0, *map(np.array, ([[2.0]], [[-1.0]], [[2.0]]))
)
PLACE = {"learning_rate": HALF, "batch_size": 2}
DEFAULTS = {
    "observable": "test-loss",
    "dynamics": "sgd",
    "sampling": "online",
    "order": 2,
    "steps": "T",
    "dataset_size": None,
    "batch_size": "B",
    "epochs": None,
}

# a call is a function, arguments by position, and arguments by name
CALLS = {
    "expand": (
        sgdsym.expand,
        (),
        {**DEFAULTS, "momentum": 0, "nesterov": False, "schedule": None, "basis": "cumulant", "progress": None},
    ),
    "expand updates": (
        sgdsym.expand,
        (),
        {"order": 1, "delay": 1, "average": "uniform", "momentum": HALF, "sampling": "reshuffle", "epochs": 2},
    ),
    "Kernel trust": (KERNEL.trust, (TENSORS,), {"T": 3}),
    "Kernel pade": (KERNEL.pade, (TENSORS, 0.1), {"T": 3}),
    "Estimate pade": (ESTIMATE.pade, (0.1,), {}),
    "code_names": (code_names, (SERIES.as_expr(),), {}),
    "expand weight decay": (
        sgdsym.expand,
        (),
        {"order": 2, "weight_decay": HALF, "observable": "train-loss", "sampling": "fixed", "momentum": "mu"},
    ),
    "Kernel call with weight decay": (DECAYING.kernel(), (TENSORS, 0.1), {"start": [1.0], "T": 10}),
    "interpret weight decay": (sgdsym.interpret, (DECAYING, TENSORS), {"start": [1], "T": 2}),
    "expand batches": (sgdsym.expand, (), {"order": 1, "batch_size": [1, 2], "sampling": "replace", "dataset_size": 3}),
    "expand last batch": (
        sgdsym.expand,
        (),
        {"order": 1, "batch_size": 2, "sampling": "fixed", "dataset_size": 3, "epochs": 2, "last_batch": "short"},
    ),
    "expand optimizer": (sgdsym.expand, (), {"order": 1, "optimizer": sgdsym.LinearOptimizer.sgd(), "batch_size": 1}),
    "LinearOptimizer": (sgdsym.LinearOptimizer, ([[1, "mu"], [0, "mu"]], [1, 1], [1, 0], [1, 0]), {"start": 0}),
    "LinearOptimizer.heavy_ball": (sgdsym.LinearOptimizer.heavy_ball, ("mu",), {}),
    "LinearOptimizer.nesterov": (sgdsym.LinearOptimizer.nesterov, ("mu",), {}),
    "LinearOptimizer.quasi_hyperbolic": (sgdsym.LinearOptimizer.quasi_hyperbolic, ("beta", "nu"), {}),
    "LinearOptimizer.aggregated": (sgdsym.LinearOptimizer.aggregated, (["beta", "nu"],), {}),
    "LinearOptimizer.schedule_free": (sgdsym.LinearOptimizer.schedule_free, ("beta", 3), {}),
    "LinearOptimizer.scheduled_by": (sgdsym.LinearOptimizer.heavy_ball("mu").scheduled_by, ("rate",), {}),
    "LinearOptimizer.delayed": (sgdsym.LinearOptimizer.sgd().delayed, (1,), {}),
    "LinearOptimizer.update": (sgdsym.LinearOptimizer.sgd().update, (1,), {}),
    "expand named schedule": (
        sgdsym.expand,
        (),
        {"order": 1, "schedule": "lambda", "momentum": "mu", "sampling": "reshuffle", "mean_over_run": True},
    ),
    "Series.subs of a schedule": (RATED.subs, (), {"schedule": [1, HALF], "mu": HALF}),
    "interpret a schedule": (sgdsym.interpret, (RATED, TENSORS), {"schedule": [1, 0.5], "mu": 0.5}),
    "Kernel call of a schedule": (
        sgdsym.expand(order=1, schedule="lambda", average="uniform").kernel(),
        (TENSORS, 0.1),
        {"schedule": [1, 0.5], "T": 2},
    ),
    "schedules.warmup_cosine": (sgdsym.schedules.warmup_cosine, (10,), {"warmup": 2, "last": 0.1}),
    "schedules.linear": (sgdsym.schedules.linear, (10,), {"first": 1.0, "last": 0.1}),
    "schedules.step": (sgdsym.schedules.step, (10,), {"every": 3, "factor": 0.1}),
    "schedules.exponential": (sgdsym.schedules.exponential, (10,), {"factor": 0.9}),
    "schedules.inverse_time": (sgdsym.schedules.inverse_time, (10,), {"scale": 2.0}),
    "schedules.warmup_stable_decay": (
        sgdsym.schedules.warmup_stable_decay,
        (10,),
        {"warmup": 2, "decay": 3, "last": 0.1},
    ),
    "Notation of sums": (sgdsym.Notation, (), {"sums": RATED.sums}),
    "expand schedule": (sgdsym.expand, (), {"order": 2, "schedule": [1, "s"], "batch_size": 1}),
    "resum": (sgdsym.resum, (), {**DEFAULTS, "form": "discrete", "progress": None}),
    "resum optimiser": (
        sgdsym.resum,
        (),
        {"order": 1, "momentum": "mu", "nesterov": True, "delay": 1, "average": "beta", "form": "stationary"},
    ),
    "resum schedule": (sgdsym.resum, (), {"order": 1, "schedule": [1, "s"], "optimizer": None, "batch_size": 1}),
    "modified": (
        sgdsym.modified,
        (),
        {
            "dynamics": "gd",
            "sampling": "online",
            "order": 2,
            "part": "drift",
            "dataset_size": None,
            "batch_size": None,
            "momentum": 0,
            "nesterov": False,
            "delay": 0,
            "optimizer": None,
            "basis": "cumulant",
            "progress": None,
        },
    ),
    "trajectory": (
        sgdsym.trajectory,
        (),
        {
            "observable": "test-loss",
            "noise": "batch",
            "order": 1,
            "momentum": HALF,
            "nesterov": False,
            "weight_decay": 0,
        },
    ),
    "trajectory updates": (
        sgdsym.trajectory,
        (),
        {"order": 1, "schedule": [1, "s"], "delay": 1, "average": "uniform", "optimizer": None},
    ),
    "TrajectoryKernel": (RUN_KERNEL, (QUADRATIC, [1.0], 0.1), {"steps": 2, "weights": None, "history": True}),
    "trajectory.kernel": (RUN.kernel, ("numpy",), {}),
    "interpret_trajectory": (numeric.interpret_trajectory, (RUN, QUADRATIC, [1], HALF), {"steps": 2, "weights": None}),
    "epoch_map": (sgd.epoch_map, (), {"sampling": "reshuffle", "order": 2, "dataset_size": 2, "batch_size": 1}),
    "compare": (
        sgdsym.compare,
        ("sgd:B=1", "gd"),
        {"order": 2, "observable": None, "basis": "cumulant", "progress": None},
    ),
    "check": (
        sgdsym.check,
        ("-η T G·G",),
        {"notation": "l=f", "at_minimum": False, "order": 2, "batch_size": 1, "sampling": "online", "basis": "moment"},
    ),
    "Coefficient": (sgdsym.Coefficient, ("T/2",), {}),
    "Coefficient.parse": (sgdsym.Coefficient.parse, ("T/2",), {}),
    "Coefficient.symbol": (sgdsym.Coefficient.symbol, ("T",), {}),
    "Coefficient.substitute": (T.substitute, ({"T": 1},), {}),
    "Coefficient.power": (T.power, (T,), {}),
    "Coefficient +": (T.__add__, (1,), {}),
    "Coefficient **": (T.__pow__, (2,), {}),
    "Diagram": (sgdsym.Diagram, (3, [(0, 1), (1, 2)], [(0, 2)], [1]), {}),
    "Diagram.with_blocks": (NOISE.with_blocks, ([(1, 2)],), {}),
    "Diagram.latex": (NOISE.latex, ("cumulant", "matrix", None), {}),
    "Diagram.explain": (NOISE.explain, ("cumulant",), {}),
    "Series": (sgdsym.Series, ({NOISE: T}, 2, "cumulant"), {}),
    "Series.order": (SERIES.order, (1,), {}),
    "Series.truncate": (SERIES.truncate, (1,), {}),
    "Series.subs": (SERIES.subs, (), {"T": 10}),
    "Series.subs of epochs": (EPOCHS.subs, (), {"N": 4, "B": 2, "E": 1}),
    "Series.in_basis": (SERIES.in_basis, ("moment",), {}),
    "Series.map_coefficients": (SERIES.map_coefficients, (lambda c: c,), {}),
    "Series.from_json": (sgdsym.Series.from_json, (SERIES.to_json(),), {}),
    "Series[]": (SERIES.__getitem__, (NOISE,), {}),
    "Series +": (SERIES.__add__, (SERIES,), {}),
    "Series *": (SERIES.__mul__, (2,), {}),
    "Series /": (SERIES.__truediv__, (2,), {}),
    "Series.to_text": (SERIES.to_text, ("metric",), {}),
    "Series.latex": (SERIES.latex, ("matrix", None), {"document": False, "sums": "einstein", "terms_per_line": 1}),
    "Series.latex choices": (
        SERIES.latex,
        (),
        {"polynomials": "factored", "collect": False, "shape": "display", "label": "eq:a", "lengths": ("T",)},
    ),
    "Series.kernel": (MOVED.kernel, ("numpy",), {"unbiased": None}),
    "Series.with_noise": (SERIES.with_noise, (MODEL, None), {}),
    "Resummed.order": (LONG.order, (1,), {}),
    "Resummed.truncate": (LONG.truncate, (1,), {}),
    "Resummed.subs": (LONG.subs, (), {"B": 1, "T": 2}),
    "Resummed.expand": (LONG.expand, (1,), {}),
    "Resummed.without": (LONG.without, (lambda diagram: False,), {}),
    "Resummed.with_noise": (LONG.with_noise, (MODEL, None), {"learning_rate": HALF}),
    "Resummed.latex": (LONG.latex, (None,), {}),
    "Kernel": (sgdsym.Kernel, (MOVED, "numpy", None), {}),
    "Kernel call": (KERNEL, (TENSORS, 0.1), {"weights": None, "metric": None, "T": 10}),
    "Kernel.coefficients": (KERNEL.coefficients, (TENSORS,), {"weights": None, "metric": None, "T": 10}),
    "Kernel.estimate": (
        sgdsym.expand(order=1, batch_size=1).kernel(unbiased=True).estimate,
        (TENSORS[:2], 0.1),
        {"metric": None, "T": 10},
    ),
    "resummed kernel": (LONG_KERNEL, (TENSORS, 0.1), {"steps": 10, "weights": None, "B": 1}),
    "interpret": (
        sgdsym.interpret,
        (SERIES, TENSORS),
        {"weights": None, "metric": None, "root_derivatives": None, "T": 2},
    ),
    "Notation": (sgdsym.Notation, (), {"loss": "f", "sizes": {"B": "b"}}),
    "Notation.parse": (sgdsym.Notation.parse, (r"l=\ell",), {}),
    "Notation.size": (sgdsym.Notation().size, ("B",), {}),
    "Contraction": (sgdsym.Contraction, (NOISE, "cumulant"), {}),
    "Contraction.from_diagram": (sgdsym.Contraction.from_diagram, (NOISE, "cumulant"), {}),
    "Contraction.in_basis": (sgdsym.Contraction(NOISE).in_basis, ("moment",), {}),
    "Contraction.as_components": (sgdsym.Contraction(NOISE).as_components, (2,), {"metric": None, "limit": 1000}),
    "Contraction.as_indexed": (sgdsym.Contraction(NOISE).as_indexed, (2,), {"metric": None}),
    "DerivativeTensor": (sgdsym.DerivativeTensor, (2,), {}),
    "JointCumulant": (sgdsym.JointCumulant, (2, 1), {}),
    "JointMoment": (sgdsym.JointMoment, (2, 1), {}),
    "from_networkx": (sgdsym.from_networkx, (sgdsym.to_networkx(NOISE),), {}),
    "to_networkx": (sgdsym.to_networkx, (NOISE,), {}),
    "noise.central_moments": (noise.central_moments, ([3, -1, 4], 3, None), {}),
    "noise.cross_batch_covariance": (noise.cross_batch_covariance, (C, 5), {}),
    "noise.epoch_autocovariance": (noise.epoch_autocovariance, (C, 1, 6, 1), {}),
    "noise.fisher_link": (noise.fisher_link, (MODEL,), {}),
    "noise.minibatch_covariance": (noise.minibatch_covariance, (C, 2, 5, False), {}),
    "noise.minibatch_cumulant": (
        noise.minibatch_cumulant,
        ({2: 5, 4: 41}, 4),
        {"batch_size": 2, "dataset_size": None, "replacement": True},
    ),
    "noise.minibatch_moment": (
        noise.minibatch_moment,
        ({2: 5, 4: 41}, 4),
        {"batch_size": 2, "dataset_size": 4, "replacement": False},
    ),
    "noise.minibatch_third_cumulant": (noise.minibatch_third_cumulant, (2, 4, 6, False), {}),
    "noise.minibatch_fourth_moment": (noise.minibatch_fourth_moment, (41, 5, 2, 6, True), {}),
    "noise.quadratic_form_moments": (noise.quadratic_form_moments, (H, [1, 2], C), {}),
    "noise.stability_radius_bound": (noise.stability_radius_bound, (H, C, 10), {}),
    "noise.with_noise": (noise.with_noise, (SERIES, MODEL, None), {}),
    "noise.Decoupled": (noise.Decoupled, ({0: HALF, 1: [0, 0], 2: H}, {}), {}),
    "noise.Empirical": (noise.Empirical, ({1: [[1, 0], [3, 2]]}, None), {}),
    "noise.Empirical.cumulant": (MODEL.cumulant, ((1, 1),), {}),
    "noise.Isotropic": (noise.Isotropic, ({1: [0, 0], 2: H}, 1), {}),
    "noise.LabelNoise": (noise.LabelNoise, ([[1, 2], [3, 1]], 1, [0, 1], None), {}),
    "noise.LinearRegression": (noise.LinearRegression, (H, [1, 2], 1, 0, [0, 0]), {}),
    "noise.LinearRegression.cumulant": (noise.LinearRegression(H, [1, 2]).cumulant, ((1, 1),), {}),
    "noise.NoiseSampler": (noise.NoiseSampler, ([[1.0], [2.0]], 0.5, None, None), {}),
    "noise.NoiseSampler.draw": (noise.NoiseSampler([[1.0], [2.0]]).draw, (7, 3), {}),
    "noise.NoiseSampler.weights": (noise.NoiseSampler([[1.0], [2.0]]).weights, (np.random.default_rng(0), 3), {}),
    "stationary.FokkerPlanck": (stationary.FokkerPlanck, ((x,), (-x,), sp.Matrix([[1]])), {}),
    "stationary.FokkerPlanck.current": (EQUATION.current, (sp.exp(-(x**2)),), {}),
    "stationary.FokkerPlanck.rate": (EQUATION.rate, (sp.exp(-(x**2)),), {}),
    "stationary.FokkerPlanck.velocity": (EQUATION.velocity, (sp.exp(-(x**2)),), {}),
    "stationary.Gibbs": (stationary.Gibbs, ((x,), x**2, HALF), {}),
    "stationary.MeanSquareStability.covariance": (LAW.covariance, (HALF,), {}),
    "stationary.adam_drift": (
        stationary.adam_drift,
        ([x], x**2),
        {"learning_rate": None, "first_decay": HALF, "second_decay": None, "epsilon": 1},
    ),
    "stationary.adaptive_covariance": (stationary.adaptive_covariance, (H, C, HALF, 0), {"scaling": [2, 1]}),
    "stationary.basin_ratio": (
        stationary.basin_ratio,
        (1, 2, 1, 4),
        {"learning_rate": HALF, "batch_size": 1, "variance": 2},
    ),
    "stationary.catapult_step": (stationary.catapult_step, (1, 3), {"learning_rate": 1, "width": 2}),
    "stationary.change_clock": (stationary.change_clock, (EQUATION, 1 + x**2), {}),
    "stationary.damped_newton_covariance": (stationary.damped_newton_covariance, (H, C, HALF, 0), {}),
    "stationary.decompose": (stationary.decompose, (H, C), {}),
    "stationary.edge_of_stability_flow": (stationary.edge_of_stability_flow, ([1, -2], [0, 1], HALF), {}),
    "stationary.effective_dimension_bound": (stationary.effective_dimension_bound, (2,), PLACE),
    "stationary.embedded_ornstein_uhlenbeck": (
        stationary.embedded_ornstein_uhlenbeck,
        (1.5, 1),
        {"learning_rate": 0.5},
    ),
    "stationary.escape_exponent": (stationary.escape_exponent, (2,), {**PLACE, "outliers": 1}),
    "stationary.escape_rate": (
        stationary.escape_rate,
        (1, 2, 1, -4),
        {**PLACE, "outliers": None, "curvature": None, "time": "steps"},
    ),
    "stationary.find_barrier": (
        stationary.find_barrier,
        (lambda w: (w[0] ** 2 - 1) ** 2 / 4 + 1, lambda w: w**3 - w, [-1.0], [1.0]),
        {"hessian": lambda w: [[3 * w[0] ** 2 - 1]], "images": 7},
    ),
    "stationary.Barrier.outliers": (WELL.outliers, (0.1,), {}),
    "stationary.Barrier.arguments": (WELL.arguments, (0.1,), {}),
    "stationary.estimated_tail_index": (
        stationary.estimated_tail_index,
        (HALF,),
        {"batch_size": 1, "curvature": 1, "law": "discrete"},
    ),
    "Landscape": (sgdsym.Landscape.sympy, (SYMBOLIC, 1), {}),
    "Landscape.numpy": (
        sgdsym.Landscape.numpy,
        (BOWL.losses.loss, [1.0], [[0.0], [2.0]]),
        {"gradient": BOWL.losses.gradient, "probabilities": [0.5, 0.5], "mean_loss": None},
    ),
    "Landscape.jax": (sgdsym.Landscape.jax, (lambda w, x: (w - x) ** 2, 1.0, np.ones(2)), {"probabilities": None}),
    "Landscape.torch": (sgdsym.Landscape.torch, (lambda w, x: (w - x) ** 2, 1.0, np.ones(2)), {"probabilities": None}),
    "simulate": (
        sgdsym.simulate,
        (BOWL, 0.1),
        {
            "steps": 2,
            "batch_size": 1,
            "runs": 3,
            "seed": 0,
            "record": [1],
            "start": None,
            "given": False,
            "function": None,
            "progress": None,
            "momentum": 0.5,
            "average": "uniform",
            "schedule": [1, 0.5],
        },
    ),
    "bundled_landscape": (bundled_landscape, ("gauss",), {}),
    "numeric.Finite": (numeric.Finite, ([0, 1], [HALF, HALF]), {}),
    "numeric.Gaussian": (numeric.Gaussian, (0, 1), {}),
    "numeric.from_sympy": (numeric.from_sympy, (x * y, x, y, [0, 1]), {}),
    "SymbolicLoss.at": (SYMBOLIC.at, (0,), {}),
    "LocalLoss.cumulant": (SYMBOLIC.at(0).cumulant, ([1, 1],), {}),
    "LocalLoss.moment": (SYMBOLIC.at(0).moment, ([1, 1],), {}),
    "LocalLoss.derivatives": (SYMBOLIC.at(0).derivatives, (2,), {}),
    "stationary.excess_loss": (stationary.excess_loss, (H, C, HALF, 0, None), {}),
    "stationary.finite_rate_ratio": (stationary.finite_rate_ratio, (1, 2, HALF), {}),
    "stationary.flatness_drift": (
        stationary.flatness_drift,
        ([[0, 0], [0, 2]], [[[0, 0], [0, 3]], [[0, 3], [3, 0]]], [[0, 0], [0, 2]], HALF, 0),
        {},
    ),
    "stationary.fluctuation_dissipation": (
        stationary.fluctuation_dissipation,
        ([[1.0], [-1.0]] * 8, [[2.0], [-2.0]] * 8, 1.0),
        {"momentum": 0.0, "dampening": 0.0, "full_gradients": None, "velocities": None, "blocks": 2},
    ),
    "stationary.fluctuation_dissipation_matrix": (
        stationary.fluctuation_dissipation_matrix,
        ([[1.0], [-1.0]] * 8, [[2.0], [-2.0]] * 8, 1.0),
        {"full_gradients": None, "blocks": 2},
    ),
    "stationary.fokker_planck": (
        stationary.fokker_planck,
        ([x], x**2 / 2, 1),
        {"learning_rate": HALF, "batch_size": 1, "time": "steps"},
    ),
    "stationary.gibbs": (stationary.gibbs, ([x], x**2 / 2), {"learning_rate": HALF, "batch_size": 1, "variance": 1}),
    "stationary.gibbs_covariance": (stationary.gibbs_covariance, (H,), {**PLACE, "variance": 1}),
    "stationary.high_dimensional_law": (
        stationary.high_dimensional_law,
        (H, HALF),
        {"batch_size": 4, "label_variance": 2, "ratio": 2},
    ),
    "stationary.kramers_rate": (
        stationary.kramers_rate,
        (0, 1, 1, -4),
        {"temperature": HALF, "outliers": None},
    ),
    "stationary.label_noise_law": (
        stationary.label_noise_law,
        (H, sp.Rational(1, 8), 0),
        {"batch_size": 2, "label_variance": 1, "preconditioner": None},
    ),
    "stationary.label_noise_threshold": (stationary.label_noise_threshold, (H, 0), {"batch_size": 2}),
    "stationary.lag_covariance": (stationary.lag_covariance, (H, C, HALF, HALF, None), {"lag": 1}),
    "stationary.log_temperature": (stationary.log_temperature, (2,), PLACE),
    "stationary.mean_escape_steps": (
        stationary.mean_escape_steps,
        (lambda x: x - x**2, lambda x: 0 * x + 4.0),
        {"learning_rate": 0.5, "start": 0, "target": 1.5, "wall": -4},
    ),
    "stationary.mean_first_passage": (
        stationary.mean_first_passage,
        (lambda x: 0 * x, lambda x: 0 * x + 0.5),
        {"start": 0, "target": 2, "wall": -1},
    ),
    "stationary.mean_square_distance": (stationary.mean_square_distance, (H, C, HALF, 0), {}),
    "stationary.mean_square_stability": (
        stationary.mean_square_stability,
        ([[[1]], [[3]]],),
        {"batch_size": 1, "replacement": True, "gradients": [[1], [-1]]},
    ),
    "stationary.minimum_covariance": (
        stationary.minimum_covariance,
        (H, HALF, 0),
        {"batch_size": 4, "loss": 1, "decay": 0, "weights": None},
    ),
    "stationary.minimum_noise": (
        stationary.minimum_noise,
        (H,),
        {"batch_size": 4, "loss": 1, "decay": 0, "weights": None, "covariance": None},
    ),
    "stationary.momentum_covariance": (stationary.momentum_covariance, (H, C, HALF, HALF, None), {}),
    "stationary.natural_gradient_covariance": (
        stationary.natural_gradient_covariance,
        (H, HALF, 0),
        {"batch_size": 3, "trace_term": False},
    ),
    "stationary.noise_scale": (stationary.noise_scale, (), {**PLACE, "dataset_size": 100}),
    "stationary.optimal_learning_rate": (
        stationary.optimal_learning_rate,
        (4,),
        {"weights": 2, "batch_size": 10, "dataset_size": 100},
    ),
    "stationary.optimal_preconditioner": (stationary.optimal_preconditioner, (H, C, 3, 0), {}),
    "stationary.adam_law": (
        stationary.adam_law,
        (H, C, 0.5),
        {"first_decay": 0.5, "second_decay": 0.9, "epsilon": 0.1},
    ),
    "stationary.flat_diffusion": (stationary.flat_diffusion, ([[1, 0], [0, 0]], C, HALF, 0), {}),
    "stationary.periodic_covariance": (
        stationary.periodic_covariance,
        (H, C, [HALF, sp.Rational(1, 4)], 0),
        {"batch_sizes": [1, 2]},
    ),
    "stationary.quasipotential_slope": (stationary.quasipotential_slope, (x**2 / 2, x, HALF), {}),
    "stationary.reshuffled_covariance": (stationary.reshuffled_covariance, (H, C, HALF), {"batches": 2}),
    "stationary.sampling_factor": (stationary.sampling_factor, (2, 5), {"replacement": False}),
    "stationary.scale_invariant_equilibrium": (
        stationary.scale_invariant_equilibrium,
        (),
        {"learning_rate": 1, "decay": HALF, "gradient_square": 12},
    ),
    "stationary.stability_threshold": (
        stationary.stability_threshold,
        ("ema",),
        {"momentum": HALF, "curvature": [[2, 1], [1, 2]]},
    ),
    "stationary.stationary_covariance": (stationary.stationary_covariance, (H, C, HALF, 0, None), {}),
    "stationary_covariance of floats": (
        sgdsym.stationary_covariance,
        (np.array(H, float), np.array(C, float), 0.5, 0.0, None),
        {},
    ),
    "stationary.stationary_exponent": (stationary.stationary_exponent, (2,), PLACE),
    "stationary.stochastic_modified_equation": (
        stationary.stochastic_modified_equation,
        ([x], x**2 / 2, 1),
        {"learning_rate": HALF, "batch_size": 1, "order": 2},
    ),
    "stationary.tail_index": (stationary.tail_index, (0.5,), {"batch_size": 1, "curvature": 1}),
    "stationary.temperature": (stationary.temperature, (), {**PLACE, "variance": 2}),
    "stationary.underdamped_onset": (
        stationary.underdamped_onset,
        ("heavy-ball",),
        {"momentum": HALF, "curvature": 1},
    ),
    "stationary.weight_decay_law": (
        stationary.weight_decay_law,
        ([[1]], HALF),
        {"batch_size": 2, "decay": 1, "target": [1], "label_variance": 0},
    ),
    "numeric Effort": (
        Effort,
        (),
        {
            "mode": "exact",
            "samples": 8,
            "replicates": 2,
            "minibatch": 1,
            "seed": 0,
            "chunk": 1,
            "memory": 10,
            "limit": 10,
        },
    ),
    "numeric Run": (
        Run,
        (),
        {
            "batch_size": 2,
            "learning_rate": 0.1,
            "momentum": 0.5,
            "steps": 2,
            "damping": 0.1,
            "probes": 2,
            "lanczos": 4,
        },
    ),
    "numeric weights": (lambda weights: read_weights(weights, 2), ([0.5, 0.5],), {}),
    "numeric metric": (lambda metric: read_legs(metric, ["a", "b.c"], [(), (2,)]), ({"a": 1.0, "b": np.ones(2)},), {}),
}
