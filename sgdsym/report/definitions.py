"""What the words and symbols of a request mean, as LaTeX for a reader who has not seen them before."""

from __future__ import annotations

from collections.abc import Mapping

from sgdsym.render import Notation
from sgdsym.render.escaping import escaped
from sgdsym.render.factors import factor
from sgdsym.render.network import plain_roots
from sgdsym.render.scripts import Kind, LatexScript
from sgdsym.series import Coefficient, Series
from sgdsym.sgd import Request

Definition = tuple[str, str]

_OBSERVABLES = {
    "test-loss": "the mean of the population loss after the run (the test loss)",
    "train-loss": "the mean of the loss on the training set after the run",
    "generalization-gap": "the mean of the population loss minus the loss on the training set, after the run",
    "displacement": "the mean displacement of the weights",
    "covariance": "the covariance of the weights after the run",
    "loss-variance": "the variance of the population loss after the run",
    "function": "the mean of another function of the weights after the run",
}
_SAMPLINGS = {
    "online": "every update draws {points}",
    "fixed": "the training set of {N} independent data points is cut into batches of {B}, visited in the same order in each epoch",
    "reshuffle": "the training set of {N} independent data points is shuffled afresh in each epoch and cut into batches of {B}",
    "replace": "every update draws {B} of the {N} points of the training set, with replacement",
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
    """What is trained, how, and what is expanded."""
    n, sizes = notation, request.sizes
    words = {"B": _inline(sizes.batch_size, n), "N": _inline(sizes.dataset_size, n)}
    words["points"] = "one fresh data point" if sizes.batch_size == 1 else f"{words['B']} fresh data points"
    loss, start, rate, weights = n.sample_loss, f"{n.weights}_{{0}}", n.learning_rate, n.weights
    sentences = [
        rf"A data point $x$ has the loss ${loss}({weights})$, a smooth function of the weights ${weights}$; the population loss is "
        rf"${n.loss} = {n.expectation}\,{loss}$. A run starts at ${start}$, where all derivatives below are taken."
    ]
    gradient = rf"\nabla {n.loss}"
    noise = f"{n.covariance}({weights})" + ("" if sizes.batch_size == 1 else f"/{_bare(sizes.batch_size, n)}")
    match request.dynamics:
        case "ode":
            sentences.append(
                rf"Gradient flow $\dot{{{weights}}} = -{rate} {gradient}({weights})$ runs for the time {_inline(sizes.steps, n)}, "
                "which corresponds to as many updates."
            )
        case "sde":
            sentences.append(
                rf"The It\^o equation $d{weights} = -{rate} {gradient}({weights})\,dt "
                rf"+ {rate}\,({noise})^{{1/2}}\,dW$, "
                rf"where ${n.covariance}({weights})$ is the covariance of the gradient, "
                f"runs for the time {_inline(sizes.steps, n)}."
            )
        case "gd":
            sentences.append(
                f"Gradient descent uses the whole training set of {words['N']} independent data points in each of the "
                f"{_inline(sizes.steps, n)} updates{_update(request, n)}."
            )
        case _:
            drawn = _SAMPLINGS.get(request.sampling, escaped(request.sampling)).format(**words)
            sentences.append(f"A run makes {_inline(sizes.steps, n)} updates{_update(request, n)}, in which {drawn}.")
    if request.average is not None:
        sentences.append(_average(request, n))
    if request.weight_decay:
        half = factor(Coefficient.size(request.weight_decay) / 2)
        penalty = rf"{'-' if half.negative else '+'} {half.latex(n)}\, |{weights}|^2"
        sentences.append(
            rf"In all of this ${loss}$ is trained with weight decay, as ${loss}({weights}) {penalty}$, and so are "
            "the tensors below; what is observed is without it."
        )
    expanded = _OBSERVABLES.get(request.observable, escaped(request.observable))
    sentences.append(
        f"Expanded is {expanded}, in powers of the learning rate. Means are over all data, all batches and all noise."
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
    if request.schedule is not None:
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
    """What is read off where that is an average of the weights."""
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
    script = LatexScript(series.basis, notation, bool(series.setting.weight_decay))
    rate = (notation.learning_rate, "the learning rate")
    return [rate, *_tensors(series, script, style), *_sizes(series, notation, options)]


def _tensors(series: Series, script: LatexScript, style: str) -> list[Definition]:
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
            found.append((script.tensor(kind, degree), f"{meaning} over the data{decay}"))
    for count in sorted(noise):
        meaning = f"the joint {name} over the data of {count} times the gradient, a symmetric tensor"
        if count == 2:
            meaning = {"cumulant": "the covariance of the gradient", "moment": "the second moment of the gradient"}[
                name
            ]
            meaning += " over the data"
        found.append((script.gradients(count), meaning))
    for degree in sorted(roots):
        meaning = "the observed function" if degree == 0 else f"its derivatives of order {degree}"
        found.append((script.tensor("function", degree), meaning))
    if max(single | roots | plain, default=0) > 2 and style == "matrix":
        tensor = script.tensor("mean", 3)
        found.append(
            (rf"{tensor}[\,\cdot\,, \cdot\,]", "a tensor whose indices are contracted with those of the tensors inside")
        )
    if style == "index" or mixed:
        found.append(("a, b, c", "indices of the weights; one that occurs twice in a product is summed over"))
    if mixed:
        letters = [script.tensor("sample", degree) for degree in sorted(mixed)]
        brackets = (
            rf"{notation.expectation}[\cdot]"
            if name == "moment"
            else rf"{notation.cumulant}[\cdot], {notation.cumulant}(\cdot)"
        )
        orders = ", ".join(f"{degree}" for degree in sorted(mixed))
        found.append((", ".join(letters), f"derivatives of order {orders} of the loss of one data point"))
        found.append((brackets, f"the joint {name} over the data of the derivatives inside, contracted as written"))
    return found


def _occurring(series: Series, script: LatexScript) -> tuple[set[int], set[int], set[int], set[int], set[int]]:
    """Degrees of means, sizes of blocks of gradients, degrees in other blocks, of observed functions and of the plain loss."""
    single: set[int] = set()
    noise: set[int] = set()
    mixed: set[int] = set()
    roots: set[int] = set()
    plain: set[int] = set()
    function = "function" in series.setting.observable
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
        if options.get(name) == "steps" and series.setting.dynamics in ("ode", "sde"):
            meaning = "the time, in updates"
        found.append((notation.size(name), meaning))
    return found


def _bare(size: Coefficient, notation: Notation) -> str:
    factored = factor(size)
    return ("-" if factored.negative else "") + factored.latex(notation)


def _inline(size: Coefficient, notation: Notation) -> str:
    """A size inside a sentence."""
    text = _bare(size, notation)
    return f"${text}$" if size.symbols else text
