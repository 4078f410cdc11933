"""The public calls, each with arguments that are right: what the fuzzer starts from."""

import numpy as np
import sympy as sp

import sgdsym
from sgdsym import noise, sgd, stationary

x, y = sp.symbols("x y")
T = sgdsym.Coefficient.symbol("T")
H, C = [[2, 0], [0, 1]], [[1, 0], [0, 3]]
SERIES = sgdsym.expand(order=2, batch_size=1)
EPOCHS = sgdsym.expand(order=2, sampling="reshuffle")
DECAYING = sgdsym.expand(order=2, batch_size=1, weight_decay=sp.Rational(1, 2))
MOVED = sgdsym.expand(order=1, observable="displacement")
LONG = sgdsym.resum(order=2)
NOISE = sgdsym.Diagram(3, [(0, 1), (1, 2)], [(0, 2)])
TENSORS = [[0.0, 1.0], [[1.0], [3.0]], [[[0.0]], [[2.0]]]]
KERNEL = SERIES.kernel(unbiased=True)
LONG_KERNEL = LONG.kernel()
HALF = sp.Rational(1, 2)
MODEL = noise.Empirical({0: [0, 1], 1: [[1], [3]], 2: [[[0]], [[2]]]})
EQUATION = stationary.fokker_planck([x], x**2 / 2, 1)
LAW = stationary.mean_square_stability([[[1]], [[3]]], batch_size=1, gradients=[[1], [-1]])
GIBBS = stationary.gibbs([x], x**2 / 2)
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
    "expand weight decay": (
        sgdsym.expand,
        (),
        {"order": 2, "weight_decay": HALF, "observable": "train-loss", "sampling": "fixed", "momentum": "mu"},
    ),
    "Kernel call with weight decay": (DECAYING.kernel(), (TENSORS, 0.1), {"start": [1.0], "T": 10}),
    "interpret weight decay": (sgdsym.interpret, (DECAYING, TENSORS), {"start": [1], "T": 2}),
    "expand optimizer": (sgdsym.expand, (), {"order": 1, "optimizer": sgdsym.LinearOptimizer.sgd(), "batch_size": 1}),
    "LinearOptimizer": (sgdsym.LinearOptimizer, ([[1, "mu"], [0, "mu"]], [1, 1], [1, 0], [1, 0]), {"start": 0}),
    "LinearOptimizer.heavy_ball": (sgdsym.LinearOptimizer.heavy_ball, ("mu",), {}),
    "LinearOptimizer.nesterov": (sgdsym.LinearOptimizer.nesterov, ("mu",), {}),
    "LinearOptimizer.quasi_hyperbolic": (sgdsym.LinearOptimizer.quasi_hyperbolic, ("beta", "nu"), {}),
    "LinearOptimizer.aggregated": (sgdsym.LinearOptimizer.aggregated, (["beta", "nu"],), {}),
    "LinearOptimizer.schedule_free": (sgdsym.LinearOptimizer.schedule_free, ("beta", 3), {}),
    "LinearOptimizer.delayed": (sgdsym.LinearOptimizer.sgd().delayed, (1,), {}),
    "LinearOptimizer.update": (sgdsym.LinearOptimizer.sgd().update, (1,), {}),
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
    "epoch_map": (sgd.epoch_map, (), {"sampling": "reshuffle", "order": 2, "dataset_size": 2, "batch_size": 1}),
    "compare": (
        sgdsym.compare,
        ("sgd:B=1", "gd"),
        {"order": 2, "observable": None, "basis": "cumulant", "progress": None},
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
    "stationary.estimated_tail_index": (
        stationary.estimated_tail_index,
        (HALF,),
        {"batch_size": 1, "curvature": 1, "law": "discrete"},
    ),
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
}
