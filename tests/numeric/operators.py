"""Differentiable operators of PyTorch and JAX, each with its definition in arithmetic of 50 digits.

An operator takes twelve weights that move along a line, and what it returns is summed with weights after a sine, so
that the loss is a smooth function of one number whose derivatives mpmath knows.
"""

from dataclasses import dataclass
from typing import Any

import mpmath
from mpmath import mp

START = [0.7, -0.4, 1.1, 0.3, 0.9, -1.2, 0.5, -0.8, 1.6, 0.2, -0.6, 1.3]
SLOPE = [0.3, 0.5, -0.2, 0.4, -0.6, 0.1, 0.7, 0.2, -0.3, 0.6, -0.5, 0.4]
TARGET = [0.3, 0.6, 0.1, 0.8, 0.45, 0.2, 0.9, 0.35, 0.55, 0.7, 0.15, 0.65]
AT = 0.25
DIGITS = 50


@dataclass(frozen=True)
class Operator:
    """An operator in PyTorch and, where it exists, in JAX, as code, and its definition in mpmath as a function of a list."""

    name: str
    torch: str
    exact: Any
    jax: str = ""


def derivatives(operator, order):
    """The loss and its derivatives, from the definition."""
    with mp.workdps(DIGITS):

        def loss(t):
            found = operator.exact([mp.mpf(str(a)) + mp.mpf(str(b)) * t for a, b in zip(START, SLOPE, strict=True)])
            return sum(mp.mpf(j + 1) / 4 * mp.sin(y) for j, y in enumerate(found))

        return [float(value) for value, _ in zip(mpmath.diffs(loss, mp.mpf(AT), order), range(order + 1), strict=True)]


def each(function):
    """An operator that treats every number alone."""
    return lambda w: [function(x) for x in w]


def targets():
    return [mp.mpf(str(y)) for y in TARGET]


def mean(values):
    values = list(values)
    return mp.fsum(values) / len(values)


def average(function):
    """A loss function: the mean of a function of the number and its target."""
    return lambda w: [mean(function(x, y) for x, y in zip(w, targets(), strict=True))]


def rows(w, width):
    return [w[i : i + width] for i in range(0, len(w), width)]


def columns(w, width):
    return [w[i::width] for i in range(width)]


def flat(nested):
    return [x for row in nested for x in row]


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def softplus(x):
    return mp.log(1 + mp.exp(x))


def normal_cdf(x):
    return mp.ncdf(x)


def dot(a, b):
    return mp.fsum(x * y for x, y in zip(a, b, strict=True))


def length(v, power=2):
    return mp.fsum(abs(x) ** power for x in v) ** (mp.mpf(1) / power)


def normalised(v, eps="1e-5", centred=True):
    m = mean(v) if centred else 0
    return [(x - m) / mp.sqrt(mean((y - m) ** 2 for y in v) + mp.mpf(eps)) for x in v]


def softmax(v):
    total = mp.fsum(mp.exp(x) for x in v)
    return [mp.exp(x) / total for x in v]


def cosine(a, b):
    return dot(a, b) / (length(a) * length(b))


def square(w):
    """A 3×3 matrix, well away from singular ones."""
    return mp.matrix(rows(w[:9], 3)) + 3 * mp.eye(3)


def positive(w):
    a = square(w)
    return a * a.T


def symmetric(w):
    a = square(w)
    return a + a.T


def entries(matrix):
    return [matrix[i, j] for i in range(matrix.rows) for j in range(matrix.cols)]


def column(w):
    return mp.matrix(w[9:12])


def lower(a):
    """The triangular factors of a matrix without exchanges of rows."""
    n = a.rows
    low, up = mp.eye(n), a.copy()
    for k in range(n):
        for i in range(k + 1, n):
            low[i, k] = up[i, k] / up[k, k]
            for j in range(n):
                up[i, j] -= low[i, k] * up[k, j]
    return low, up


def upper(a):
    return mp.matrix([[a[i, j] if j >= i else 0 for j in range(a.cols)] for i in range(a.rows)])


def gram_schmidt(a):
    """R of the decomposition QR with a positive diagonal, squared entries: no sign is left open."""
    return mp.cholesky(a.T * a).T


def singular(a):
    return sorted((mp.sqrt(x) for x in mp.eigsy(a.T * a, eigvals_only=True)), reverse=True)


def convolved(x, k):
    return [dot(x[i : i + len(k)], k) for i in range(len(x) - len(k) + 1)]


def transposed_convolution(x, k):
    found = [mp.mpf(0)] * (len(x) + len(k) - 1)
    for i, a in enumerate(x):
        for j, b in enumerate(k):
            found[i + j] += a * b
    return found


def attention(w):
    q, k, v = (rows(part, 2) for part in rows(w, 4))
    found = []
    for query in q:
        weights = softmax([dot(query, key) / mp.sqrt(2) for key in k])
        found += [dot(weights, [row[j] for row in v]) for j in range(2)]
    return found


def interpolated(w):
    """Six numbers twice as fine, linearly, the corners of the outermost cells half a step outside."""
    found = []
    for i in range(12):
        place = min(max((mp.mpf(i) + mp.mpf("0.5")) / 2 - mp.mpf("0.5"), 0), 5)
        first = int(mp.floor(place))
        second, part = min(first + 1, 5), place - first
        found.append(w[first] * (1 - part) + w[second] * part)
    return found


def products(w):
    found, product = [], mp.mpf(1)
    for x in w:
        product *= x
        found.append(product)
    return found


SELU, SELU_SCALE = "1.6732632423543772848170429916717", "1.0507009873554804934193349852946"


def selu(x):
    return mp.mpf(SELU_SCALE) * (x if x > 0 else mp.mpf(SELU) * (mp.exp(x) - 1))


def gelu_tanh(x):
    return x / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3)))


def local_response(w):
    """Channels of three numbers: each is divided by a power of the mean square of it and the channel before."""
    c, half = rows(w, 3), mp.mpf(1)
    found = []
    for i, channel in enumerate(c):
        for j, x in enumerate(channel):
            near = [x**2, c[i - 1][j] ** 2 if i else mp.mpf(0)]
            found.append(x / (half + mp.mpf("1e-4") * mp.fsum(near) / 2) ** mp.mpf("0.75"))
    return found


def huber(x, y, delta=1):
    distance = abs(x - y)
    return distance**2 / 2 if distance < delta else delta * (distance - mp.mpf(delta) / 2)


M, SPD, SYM, V = "(w[:9].reshape(3, 3) + 3 * eye)", "posdef(w)", "sym(w)", "w[9:12]"

ELEMENTWISE = [
    Operator("sigmoid", "F.sigmoid(w)", each(sigmoid), "jax.nn.sigmoid(w)"),
    Operator("tanh", "F.tanh(w)", each(mp.tanh), "jnp.tanh(w)"),
    Operator("softplus", "F.softplus(w)", each(softplus), "jax.nn.softplus(w)"),
    Operator("softsign", "F.softsign(w)", each(lambda x: x / (1 + abs(x))), "jax.nn.soft_sign(w)"),
    Operator("elu", "F.elu(w)", each(lambda x: x if x > 0 else mp.exp(x) - 1), "jax.nn.elu(w)"),
    Operator("selu", "F.selu(w)", each(selu), "jax.nn.selu(w)"),
    Operator("celu", "F.celu(w, 2.0)", each(lambda x: x if x > 0 else 2 * (mp.exp(x / 2) - 1)), "jax.nn.celu(w, 2.0)"),
    Operator("gelu", "F.gelu(w)", each(lambda x: x * normal_cdf(x)), "jax.nn.gelu(w, approximate=False)"),
    Operator("gelu-tanh", "F.gelu(w, approximate='tanh')", each(gelu_tanh), "jax.nn.gelu(w)"),
    Operator("silu", "F.silu(w)", each(lambda x: x * sigmoid(x)), "jax.nn.silu(w)"),
    Operator("mish", "F.mish(w)", each(lambda x: x * mp.tanh(softplus(x))), "jax.nn.mish(w)"),
    Operator("logsigmoid", "F.logsigmoid(w)", each(lambda x: -softplus(-x)), "jax.nn.log_sigmoid(w)"),
    Operator("tanhshrink", "F.tanhshrink(w)", each(lambda x: x - mp.tanh(x))),
    Operator("hardswish", "F.hardswish(w)", each(lambda x: x * (x + 3) / 6), "jax.nn.hard_swish(w)"),
    Operator("hardsigmoid", "F.hardsigmoid(w)", each(lambda x: (x + 3) / 6), "jax.nn.hard_sigmoid(w)"),
    Operator("relu", "F.relu(w)", each(lambda x: max(x, 0)), "jax.nn.relu(w)"),
    Operator("relu6", "F.relu6(w)", each(lambda x: max(x, 0)), "jax.nn.relu6(w)"),
    Operator("leaky_relu", "F.leaky_relu(w, 0.1)", each(lambda x: max(x, x / 10)), "jax.nn.leaky_relu(w, 0.1)"),
    Operator("hardtanh", "F.hardtanh(w)", each(lambda x: min(max(x, -1), 1)), "jax.nn.hard_tanh(w)"),
    Operator("softshrink", "F.softshrink(w, 0.1)", each(lambda x: x - mp.sign(x) * mp.mpf("0.1"))),
    Operator(
        "glu", "F.glu(w, 0)", lambda w: [a * sigmoid(b) for a, b in zip(w[:6], w[6:], strict=True)], "jax.nn.glu(w)"
    ),
    Operator("prelu", "F.prelu(w[:11], w[11:])", lambda w: [x if x > 0 else w[11] * x for x in w[:11]]),
    Operator("softmax", "F.softmax(w, 0)", softmax, "jax.nn.softmax(w)"),
    Operator("softmin", "F.softmin(w, 0)", lambda w: softmax([-x for x in w])),
    Operator("log_softmax", "F.log_softmax(w, 0)", lambda w: [mp.log(x) for x in softmax(w)], "jax.nn.log_softmax(w)"),
]

NORMALISATIONS = [
    Operator("layer_norm", "F.layer_norm(w, (12,))", normalised, "jax.nn.standardize(w, epsilon=1e-5)"),
    Operator("group_norm", "F.group_norm(w.reshape(1, 4, 3), 2)", lambda w: flat(normalised(r) for r in rows(w, 6))),
    Operator("instance_norm", "F.instance_norm(w.reshape(1, 3, 4))", lambda w: flat(normalised(r) for r in rows(w, 4))),
    Operator(
        "batch_norm",
        "F.batch_norm(w.reshape(4, 3), None, None, training=True).T",
        lambda w: flat(normalised(c) for c in columns(w, 3)),
    ),
    Operator("rms_norm", "F.rms_norm(w, (12,), eps=1e-5)", lambda w: normalised(w, centred=False)),
    Operator("local_response_norm", "F.local_response_norm(w.reshape(1, 4, 3), 2)", local_response),
    Operator("normalize", "F.normalize(w, dim=0)", lambda w: [x / length(w) for x in w], "w / jnp.linalg.norm(w)"),
]

LOSSES = [
    Operator("mse_loss", "F.mse_loss(w, y)", average(lambda x, y: (x - y) ** 2)),
    Operator("l1_loss", "F.l1_loss(w, y)", average(lambda x, y: abs(x - y))),
    Operator("smooth_l1_loss", "F.smooth_l1_loss(w, y)", average(huber)),
    Operator("huber_loss", "F.huber_loss(w, y)", average(huber)),
    Operator(
        "binary_cross_entropy",
        "F.binary_cross_entropy(torch.sigmoid(w), y)",
        average(lambda x, y: y * softplus(-x) + (1 - y) * softplus(x)),
    ),
    Operator(
        "binary_cross_entropy_with_logits",
        "F.binary_cross_entropy_with_logits(w, y)",
        average(lambda x, y: y * softplus(-x) + (1 - y) * softplus(x)),
    ),
    Operator("cross_entropy", "F.cross_entropy(w[None], torch.tensor([4]))", lambda w: [-mp.log(softmax(w)[4])]),
    Operator(
        "nll_loss", "F.nll_loss(F.log_softmax(w, 0)[None], torch.tensor([4]))", lambda w: [-mp.log(softmax(w)[4])]
    ),
    Operator("kl_div", "F.kl_div(w, y, reduction='sum') / 12", average(lambda x, y: y * (mp.log(y) - x))),
    Operator("poisson_nll_loss", "F.poisson_nll_loss(w, y)", average(lambda x, y: mp.exp(x) - y * x)),
    Operator(
        "gaussian_nll_loss",
        "F.gaussian_nll_loss(w[:6], y[:6], torch.exp(w[6:]))",
        lambda w: [
            mean((v + (x - y) ** 2 * mp.exp(-v)) / 2 for x, y, v in zip(w[:6], targets()[:6], w[6:], strict=True))
        ],
    ),
    Operator(
        "soft_margin_loss", "F.soft_margin_loss(w, torch.ones_like(w))", lambda w: [mean(softplus(-x) for x in w)]
    ),
    Operator(
        "multilabel_soft_margin_loss",
        "F.multilabel_soft_margin_loss(w[None], (y > 0.5).to(w)[None])",
        average(lambda x, y: softplus(-x) if y > mp.mpf("0.5") else softplus(x)),
    ),
    Operator(
        "cosine_embedding_loss",
        "F.cosine_embedding_loss(w[None, :6], w[None, 6:], torch.ones(1))",
        lambda w: [1 - cosine(w[:6], w[6:])],
    ),
    Operator(
        "triplet_margin_loss",
        "F.triplet_margin_loss(w[None, :4], w[None, 4:8], w[None, 8:], margin=9.0, eps=0.0)",
        lambda w: [
            9
            + length([a - b for a, b in zip(w[:4], w[4:8], strict=True)])
            - length([a - b for a, b in zip(w[:4], w[8:], strict=True)])
        ],
    ),
    Operator(
        "margin_ranking_loss",
        "F.margin_ranking_loss(w[:6], w[6:], torch.ones_like(w[:6]), margin=9.0)",
        lambda w: [mean(9 - a + b for a, b in zip(w[:6], w[6:], strict=True))],
    ),
    Operator(
        "multi_margin_loss",
        "F.multi_margin_loss(w[None], torch.tensor([4]), p=2, margin=9.0)",
        lambda w: [mp.fsum((9 - w[4] + x) ** 2 for i, x in enumerate(w) if i != 4) / 12],
    ),
    Operator("hinge_embedding_loss", "F.hinge_embedding_loss(w, torch.ones_like(w))", lambda w: [mean(w)]),
]

DISTANCES_AND_MAPS = [
    Operator("cosine_similarity", "F.cosine_similarity(w[:6], w[6:], dim=0)", lambda w: [cosine(w[:6], w[6:])]),
    Operator(
        "pairwise_distance",
        "F.pairwise_distance(w[None, :6], w[None, 6:], eps=0.0)",
        lambda w: [length([a - b for a, b in zip(w[:6], w[6:], strict=True)])],
    ),
    Operator(
        "pdist",
        "F.pdist(w.reshape(3, 4))",
        lambda w: [
            length([a - b for a, b in zip(rows(w, 4)[i], rows(w, 4)[j], strict=True)])
            for i, j in ((0, 1), (0, 2), (1, 2))
        ],
    ),
    Operator(
        "linear",
        "F.linear(w[9:12], w[:9].reshape(3, 3))",
        lambda w: [dot(r, w[9:]) for r in rows(w[:9], 3)],
        "w[:9].reshape(3, 3) @ w[9:]",
    ),
    Operator(
        "bilinear",
        "F.bilinear(w[:2], w[2:4], w[4:12].reshape(2, 2, 2))",
        lambda w: [dot(flat([[a * b for b in w[2:4]] for a in w[:2]]), part) for part in rows(w[4:], 4)],
    ),
    Operator(
        "conv1d",
        "F.conv1d(w[None, None, :9], w[None, None, 9:])",
        lambda w: convolved(w[:9], w[9:]),
        "jnp.correlate(w[:9], w[9:], mode='valid')",
    ),
    Operator(
        "conv2d",
        "F.conv2d(w[:8].reshape(1, 1, 2, 4), w[8:].reshape(1, 1, 2, 2))",
        lambda w: [dot([w[j], w[j + 1], w[j + 4], w[j + 5]], w[8:]) for j in range(3)],
    ),
    Operator(
        "conv_transpose1d",
        "F.conv_transpose1d(w[None, None, :9], w[None, None, 9:])",
        lambda w: transposed_convolution(w[:9], w[9:]),
        "jnp.convolve(w[:9], w[9:])",
    ),
    Operator(
        "scaled_dot_product_attention",
        "F.scaled_dot_product_attention(*w.reshape(3, 1, 2, 2))",
        attention,
        "jax.nn.dot_product_attention(*w.reshape(3, 1, 2, 1, 2))",
    ),
    Operator("embedding", "F.embedding(torch.tensor([2, 0, 2]), w.reshape(4, 3))", lambda w: w[6:9] + w[:3] + w[6:9]),
    Operator("avg_pool1d", "F.avg_pool1d(w[None], 3)", lambda w: [mean(r) for r in rows(w, 3)]),
    Operator("max_pool1d", "F.max_pool1d(w[None], 3)", lambda w: [max(r) for r in rows(w, 3)]),
    Operator("adaptive_avg_pool1d", "F.adaptive_avg_pool1d(w[None], 4)", lambda w: [mean(r) for r in rows(w, 3)]),
    Operator("lp_pool1d", "F.lp_pool1d(w[None] ** 2, 2, 3)", lambda w: [length([x**2 for x in r]) for r in rows(w, 3)]),
    Operator(
        "interpolate",
        "F.interpolate(w[None, None, :6], scale_factor=2, mode='linear', align_corners=False)",
        interpolated,
    ),
    Operator(
        "pad",
        "F.pad(w[None, None], (1, 1), mode='reflect')",
        lambda w: [w[1], *w, w[10]],
        "jnp.pad(w, 1, mode='reflect')",
    ),
    Operator("cumprod", "torch.cumprod(w, 0)", products, "jnp.cumprod(w)"),
]

LINEAR_ALGEBRA = [
    Operator("det", f"L.det({M}) / 9", lambda w: [mp.det(square(w)) / 9], f"L.det({M}) / 9"),
    Operator("slogdet", f"L.slogdet({M})[1]", lambda w: [mp.log(abs(mp.det(square(w))))], f"L.slogdet({M})[1]"),
    Operator("inv", f"L.inv({M})", lambda w: entries(square(w) ** -1), f"L.inv({M})"),
    Operator("inv_ex", f"L.inv_ex({M})[0]", lambda w: entries(square(w) ** -1)),
    Operator("solve", f"L.solve({M}, {V})", lambda w: list(mp.lu_solve(square(w), column(w))), f"L.solve({M}, {V})"),
    Operator("solve_ex", f"L.solve_ex({M}, {V})[0]", lambda w: list(mp.lu_solve(square(w), column(w)))),
    Operator(
        "solve_triangular",
        f"L.solve_triangular(torch.triu({M}), {V}[:, None], upper=True)",
        lambda w: list(mp.lu_solve(upper(square(w)), column(w))),
        f"S.solve_triangular(jnp.triu({M}), {V})",
    ),
    Operator("cholesky", f"L.cholesky({SPD})", lambda w: entries(mp.cholesky(positive(w))), f"L.cholesky({SPD})"),
    Operator("cholesky_ex", f"L.cholesky_ex({SPD})[0]", lambda w: entries(mp.cholesky(positive(w)))),
    Operator("eigvalsh", f"L.eigvalsh({SYM})", lambda w: sorted(mp.eigsy(symmetric(w), eigvals_only=True)), f"L.eigvalsh({SYM})"),
    Operator("eigh", f"L.eigh({SYM})[0]", lambda w: sorted(mp.eigsy(symmetric(w), eigvals_only=True)), f"L.eigh({SYM})[0]"),
    Operator("svdvals", f"L.svdvals({M})", lambda w: singular(square(w)), f"L.svdvals({M})"),
    Operator("svd", f"L.svd({M})[1]", lambda w: singular(square(w)), f"L.svd({M})[1]"),
    Operator("qr", f"L.qr({M})[1].abs()", lambda w: [abs(x) for x in entries(gram_schmidt(square(w)))], f"jnp.abs(L.qr({M})[1])"),
    Operator("pinv", f"L.pinv({M})", lambda w: entries(square(w) ** -1), f"L.pinv({M})"),
    Operator("lstsq", f"L.lstsq({M}, {V}[:, None])[0]", lambda w: list(mp.lu_solve(square(w), column(w))), f"L.lstsq({M}, {V})[0]"),
    Operator("matrix_exp", f"L.matrix_exp({M} / 4)", lambda w: entries(mp.expm(square(w) / 4)), f"S.expm({M} / 4, max_squarings=2)"),
    Operator("norm", "L.norm(w)", lambda w: [length(w)], "L.norm(w)"),
    Operator("vector_norm", "L.vector_norm(w, 3)", lambda w: [length(w, 3)], "L.norm(w, 3)"),
    Operator("matrix_norm", f"L.matrix_norm({M})", lambda w: [length(entries(square(w)))], f"L.norm({M})"),
    Operator("matrix_norm-nuc", f"L.matrix_norm({M}, 'nuc')", lambda w: [mp.fsum(singular(square(w)))], f"L.norm({M}, 'nuc')"),
    Operator("matrix_norm-2", f"L.matrix_norm({M}, 2)", lambda w: [singular(square(w))[0]], f"L.norm({M}, 2)"),
    Operator("cond", f"L.cond({M})", lambda w: [singular(square(w))[0] / singular(square(w))[-1]], f"L.cond({M})"),
    Operator("lu", f"L.lu({M})[2]", lambda w: entries(lower(square(w))[1]), f"S.lu({M})[2]"),
    Operator("lu_factor", f"torch.triu(L.lu_factor({M})[0])", lambda w: entries(lower(square(w))[1]), f"jnp.triu(S.lu_factor({M})[0])"),
    Operator("multi_dot", f"L.multi_dot([{M}, {M}, {V}])", lambda w: list(square(w) ** 2 * column(w)), f"L.multi_dot([{M}, {M}, {V}])"),
    Operator("matrix_power", f"L.matrix_power({M} / 4, 3)", lambda w: entries((square(w) / 4) ** 3), f"L.matrix_power({M} / 4, 3)"),
    Operator("tensorinv", f"L.tensorinv({M}, 1)", lambda w: entries(square(w) ** -1), f"L.tensorinv({M}, 1)"),
    Operator("tensorsolve", f"L.tensorsolve({M}, {V})", lambda w: list(mp.lu_solve(square(w), column(w))), f"L.tensorsolve({M}, {V})"),
    Operator(
        "cross",
        "L.cross(w[:3], w[3:6])",
        lambda w: [w[1] * w[5] - w[2] * w[4], w[2] * w[3] - w[0] * w[5], w[0] * w[4] - w[1] * w[3]],
        "jnp.cross(w[:3], w[3:6])",
    ),
    Operator("vecdot", "L.vecdot(w[:6], w[6:])", lambda w: [dot(w[:6], w[6:])], "jnp.vecdot(w[:6], w[6:])"),
    Operator("vander", "L.vander(w[:3])", lambda w: [x**k for x in w[:3] for k in range(3)], "jnp.vander(w[:3], increasing=True)"),
]  # fmt: skip

OPERATORS = [*ELEMENTWISE, *NORMALISATIONS, *LOSSES, *DISTANCES_AND_MAPS, *LINEAR_ALGEBRA]
