"""What the words and symbols of a request mean, as LaTeX for a reader who has not seen them before."""

from __future__ import annotations

from collections.abc import Mapping

from sgdsym.formula import Indexed, to_latex
from sgdsym.formula.letters import Kind
from sgdsym.render import Notation
from sgdsym.render.factors import factor
from sgdsym.render.network import plain_roots
from sgdsym.render.scripts import Script
from sgdsym.series import GD, ODE, SDE, SGD, Coefficient, Series
from sgdsym.sgd import Request

Definition = tuple[str, str]

_MOTIONS = {
    ODE: r"Gradient flow $\dot{{{n.weights}}} = -{n.learning_rate} \nabla {n.loss}({n.weights})$ runs for the time {time}, "
    "which corresponds to as many updates.",
    SDE: r"The It\^o equation $d{n.weights} = -{n.learning_rate} \nabla {n.loss}({n.weights})\,dt "
    r"+ {n.learning_rate}\,({noise})^{{1/2}}\,dW$, "
    r"where ${n.covariance}({n.weights})$ is the covariance of the gradient, runs for the time {time}.",
    GD: "Gradient descent uses the whole training set of {N} independent data points in each of the {time} updates{update}.",
    SGD: "A run makes {time} updates{update}, in which {drawn}.",
}
_MEANS = {
    0: "the mean of the loss",
    1: "the mean of the gradient",
    2: "the mean of the matrix of second derivatives",
    3: "the mean of the tensor of third derivatives",
}


def symbol_options(request: Request) -> dict[str, str]:
    """By symbol the option of a request that it stands for.

    >>> symbol_options(Request(steps="K"))
    {'K': 'steps', 'B': 'batch_size'}
    """
    return {name: option for option, name in request.symbols.items()}


def setting_sentences(request: Request, notation: Notation) -> list[str]:
    """Sentences on the loss, on the training, and on the observable."""
    n, sizes = notation, request.sizes
    words = {"B": _inline(sizes.batch_size, n), "N": _inline(sizes.dataset_size, n)}
    if request.batches.slots or request.batches.listed:
        words["B"] = f"{'' if request.batches.slots else 'in turn '}{request.batch_words}"
    words["points"] = "one fresh data point" if words["B"] == "1" else f"{words['B']} fresh data points"
    loss, start, weights = n.sample_loss, f"{n.weights}_{{0}}", n.weights
    sentences = [
        rf"A data point $x$ has the loss ${loss}({weights})$, a smooth function of the weights ${weights}$; the population loss is "
        rf"${n.loss} = {n.expectation}\,{loss}$. A run starts at ${start}$, where all derivatives below are taken."
    ]
    noise = f"{n.covariance}({weights})" + ("" if sizes.batch_size == 1 else f"/{_bare(sizes.batch_size, n)}")
    setting = request.setting
    motion = _MOTIONS[setting.dynamics].format(
        n=n,
        N=words["N"],
        noise=noise,
        time=_inline(sizes.steps, n),
        update=_update(request, n),
        drawn=setting.sampling.words.format(**words),
    )
    sentences.append(motion)
    if request.average is not None:
        sentences.append(_average(request, n))
    if request.weight_decay:
        half = factor(Coefficient.size(request.weight_decay) / 2)
        penalty = rf"{'-' if half.negative else '+'} {to_latex(half.formula(n))}\, |{weights}|^2"
        sentences.append(
            rf"In all of this ${loss}$ is trained with weight decay, as ${loss}({weights}) {penalty}$, and so are "
            "the tensors below; what is observed is without it."
        )
    sentences.append(
        f"Expanded is {setting.observable.words}, in powers of the learning rate. Means are over all data, all batches and all noise."
    )
    return sentences


def _update(request: Request, notation: Notation) -> str:
    """The formula of an update."""
    n, rate = notation, notation.learning_rate
    time = f"{{t-{request.delay}}}" if request.delay else "t"
    step = rf"\frac{{1}}{{|\mathcal{{B}}_t|}} \sum_{{x \in \mathcal{{B}}_t}} \nabla {n.sample_loss}({n.weights}_{time})"
    extra = [r"the batch $\mathcal{B}_t$"]
    if request.delay:
        extra.append(f"no update before $t = {request.delay}$")
    if isinstance(request.schedule, str):
        factor_of_update = to_latex(Indexed(n.size_symbol(request.schedule), "t"))
        rate += rf" {factor_of_update}\,"
        extra.append(f"factors ${factor_of_update}$ that are not known here")
    elif request.schedule is not None:
        rate += r" w_t\,"
        weights = ", ".join(f"${_bare(Coefficient.size(weight), n)}$" for weight in request.schedule)
        extra.append(f"the factors $w_t$ in turn {weights}")
    if not request.momentum:
        formulas = [rf"{n.weights}_{{t+1}} = {n.weights}_t - {rate} {step}"]
    else:
        mu = _bare(Coefficient.size(request.momentum), n)
        mu = mu if mu.isidentifier() or mu.startswith("\\") else f"({mu})"
        move = rf"(g_t + {mu}\, m_t)" if request.nesterov else "m_t"
        formulas = [
            rf"{n.weights}_{{t+1}} = {n.weights}_t - {rate} {move}",
            rf"m_t = {mu}\, m_{{t-1}} + g_t",
            f"g_t = {step}",
        ]
        extra.append("$m_{-1} = 0$")
    return f" {', '.join(f'${formula}$' for formula in formulas)}, with {', '.join(extra)}"


def _average(request: Request, notation: Notation) -> str:
    """A sentence on the weights that are read off, where these are an average."""
    weights = notation.weights
    if request.average == "uniform":
        return f"The weights that are read off are the mean of ${weights}_1, \\dots, {weights}_T$."
    decay = _bare(Coefficient.size(request.average or 0), notation)
    formula = rf"a \leftarrow {decay}\, a + (1 - {decay})\, {weights}"
    return (
        rf"The weights that are read off are the average ${formula}$ after every update, with $a = {weights}_0$ first."
    )


def symbol_definitions(series: Series, notation: Notation, style: str, options: Mapping[str, str]) -> list[Definition]:
    """The symbols of the formulas and what they stand for, those that occur.

    Args:
        series: whose formulas are read.
        notation: the symbols.
        style: of the formulas; pictures need no tensors.
        options: by symbol the option of a request that it stands for.
    """
    script = Script(series.basis, notation, bool(series.setting.weight_decay))
    rate = (notation.learning_rate, "the learning rate")
    return [rate, *_tensors(series, script, style), *_sizes(series, notation, options)]


def _tensors(series: Series, script: Script, style: str) -> list[Definition]:
    single, noise, mixed, roots, plain = _occurring(series, script)
    notation, name = script.notation, "moment" if series.basis == "moment" else "cumulant"
    found: list[Definition] = []
    means: tuple[tuple[Kind, set[int], str], ...] = (
        ("mean", single, ""),
        ("plain mean", plain, ", without weight decay"),
    )
    for kind, degrees, decay in means:
        for degree in sorted(degrees):
            meaning = _MEANS.get(degree, f"the mean of the tensor of derivatives of order {degree}")
            found.append((to_latex(script.tensor(kind, degree)), f"{meaning} over the data{decay}"))
    for count in sorted(noise):
        meaning = f"the joint {name} over the data of {count} times the gradient, a symmetric tensor"
        if count == 2:
            meaning = {"cumulant": "the covariance of the gradient", "moment": "the second moment of the gradient"}[
                name
            ]
            meaning += " over the data"
        found.append((to_latex(script.gradients(count)), meaning))
    for degree in sorted(roots):
        meaning = "the observed function" if degree == 0 else f"its derivatives of order {degree}"
        found.append((to_latex(script.tensor("function", degree)), meaning))
    if max(single | roots | plain, default=0) > 2 and style == "matrix":
        tensor = to_latex(script.tensor("mean", 3))
        found.append(
            (rf"{tensor}[\,\cdot\,, \cdot\,]", "a tensor whose indices are contracted with those of the tensors inside")
        )
    if style in ("index", "metric") or mixed:
        found.append(("a, b, c", "indices of the weights; one that occurs twice in a product is summed over"))
    if style == "metric":
        metric = to_latex(Indexed(notation.symbol("metric"), "ab", raised=True))
        found.append((metric, "the inverse metric, the identity unless another one is given"))
    if mixed:
        letters = [to_latex(script.tensor("sample", degree)) for degree in sorted(mixed)]
        brackets = (
            rf"{notation.expectation}[\cdot]"
            if name == "moment"
            else rf"{notation.cumulant}[\cdot], {notation.cumulant}(\cdot)"
        )
        orders = ", ".join(f"{degree}" for degree in sorted(mixed))
        found.append((", ".join(letters), f"derivatives of order {orders} of the loss of one data point"))
        found.append((brackets, f"the joint {name} over the data of the derivatives inside, contracted as written"))
    return found


def _occurring(series: Series, script: Script) -> tuple[set[int], set[int], set[int], set[int], set[int]]:
    """Degrees of means, sizes of blocks of gradients, degrees in other blocks, of observed functions and of the plain loss."""
    single: set[int] = set()
    noise: set[int] = set()
    mixed: set[int] = set()
    roots: set[int] = set()
    plain: set[int] = set()
    function = series.setting.observable.carries_function
    for diagram in series.terms:
        bare = plain_roots(diagram, script)
        for block in diagram.blocks:
            degrees = {diagram.degrees[v] for v in block}
            if len(block) == 1:
                (plain if block[0] in bare else single).update(degrees)
            elif degrees == {1}:
                noise.add(len(block))
            else:
                mixed |= degrees
        roots |= {diagram.degrees[v] for v in diagram.open_roots if function}
    return single, noise, mixed, roots, plain


def _sizes(series: Series, notation: Notation, options: Mapping[str, str]) -> list[Definition]:
    meanings = {
        "steps": "the number of updates",
        "epochs": "the number of epochs",
        "dataset_size": "the number of data points in the training set",
        "batch_size": "the number of data points per update",
        "momentum": "the momentum",
        "average": "the decay of the average",
        "weight_decay": "the weight decay",
    }
    found = []
    for name in series.symbols:
        meaning = meanings.get(options.get(name, ""), "a factor of the schedule")
        if options.get(name) == "steps" and series.setting.dynamics.is_continuous:
            meaning = "the time, in updates"
        found.append((notation.size(name), meaning))
    return found


def _bare(size: Coefficient, notation: Notation) -> str:
    return to_latex(factor(size).signed(notation))


def _inline(size: Coefficient, notation: Notation) -> str:
    """A size inside a sentence."""
    text = _bare(size, notation)
    return f"${text}$" if size.symbols else text
