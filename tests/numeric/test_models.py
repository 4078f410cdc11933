"""Models of PyTorch with their loss function and loader: against dense derivative tensors, and what is refused."""

import numpy as np
import pytest

from sgdsym import expand

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402
from torch.utils.data import DataLoader, Dataset, TensorDataset  # noqa: E402

from sgdsym.numeric.torch import evaluate, plan, supervised  # noqa: E402
from sgdsym.numeric.torch.calculus import TorchCalculus  # noqa: E402
from sgdsym.numeric.torch.memory import most_bytes  # noqa: E402
from tests.numeric.models import MODELS, Language, perceptron, problem, tensors  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning"),
]
ALL = {"mode": "exact", "progress": False}
SERIES = expand(order=3, batch_size=1)
X = torch.randn(6, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
Y = torch.tensor([0, 1, 1, 0, 1, 0])


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Threads cost more than these models do."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def coefficients(model, data, loss_function=functional.cross_entropy, series=SERIES, **options):
    loss, parameters = supervised(model, loss_function)
    return evaluate(series, loss, parameters, data, 0.1, T=5, **(ALL | options)).coefficients


def plain_layer_norm(x, shape, weight=None, bias=None, eps=1e-5):
    """What PyTorch differentiates wrongly at third order."""
    x = x - x.mean(-1, keepdim=True)
    x = x / ((x**2).mean(-1, keepdim=True) + eps).sqrt() * weight
    return x if bias is None else x + bias


@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_the_values_of_its_dense_tensors(name, monkeypatch):
    """The reference computes the batch as the user does, with one mean over it, and all tensors by autograd alone."""
    model, x, y = problem(name)
    loader = DataLoader(TensorDataset(x, y), batch_size=3, shuffle=True)
    found = coefficients(model, loader)
    monkeypatch.setattr(functional, "layer_norm", plain_layer_norm)
    monkeypatch.setattr(torch.backends.mha, "get_fastpath_enabled", lambda: False)
    plain = getattr(model, "_orig_mod", model)
    trained = {n: t.detach() for n, t in plain.named_parameters() if t.requires_grad}
    assert sum(t.numel() for t in trained.values()) <= 60

    def losses(parameters):
        found = functional.cross_entropy(torch.func.functional_call(plain, parameters, (x,)), y, reduction="none")
        return found.reshape(len(x), -1).mean(1)

    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        dense = tensors(losses, trained)
    expected = SERIES.kernel().coefficients(dense, T=5)
    assert found == pytest.approx(expected, rel=1e-8, abs=1e-10)


# data


class Items(Dataset):
    """A dataset of one's own."""

    read = 0

    def __len__(self):
        return len(X)

    def __getitem__(self, i):
        type(self).read += 1
        return X[i].numpy(), int(Y[i])


def test_data_come_in_every_form():
    torch.manual_seed(0)
    model, series = perceptron().double(), expand(order=2, batch_size=1)
    batches = [(X[:4], Y[:4]), (X[4:], Y[4:])]
    forms = [
        (X, Y), (X.numpy(), Y.numpy()), TensorDataset(X, Y), Items(), DataLoader(Items(), batch_size=4, shuffle=True),
        DataLoader(TensorDataset(X, Y), batch_size=4, drop_last=True), batches, iter(batches), (b for b in batches),
        DataLoader(TensorDataset(X, Y), sampler=torch.utils.data.SubsetRandomSampler(range(6))),
    ]  # fmt: skip
    expected = coefficients(model, forms[0], series=series)
    for form in forms[1:]:
        assert coefficients(model, form, series=series) == pytest.approx(expected, rel=1e-12)


def test_a_dataset_that_memory_does_not_hold_is_read_in_parts():
    torch.manual_seed(0)
    model, options = (
        nn.Linear(2, 2, bias=False).double(),
        {"samples": 32, "replicates": 2, "seed": 1, "progress": False},
    )
    series = expand(order=1, batch_size=1)
    loss, parameters = supervised(model, functional.cross_entropy)
    needed = plan(series, loss, parameters, (X, Y)).bytes
    tight = {**options, "memory": max(needed, 2000)}
    assert tight["memory"] < 24 * len(LargeItems())
    LargeItems.read = 0
    found = evaluate(series, loss, parameters, LargeItems(), 0.1, T=5, **tight)
    assert LargeItems.read > 2 * len(LargeItems())
    expected = evaluate(series, loss, parameters, LargeItems(), 0.1, T=5, **options)
    assert found.coefficients == pytest.approx(expected.coefficients, rel=1e-12)


class LargeItems(Items):
    def __len__(self):
        return 3000

    def __getitem__(self, i):
        return super().__getitem__(i % len(X))


def test_weights_and_metric_are_those_of_kernels():
    torch.manual_seed(0)
    model, weights = perceptron().double(), np.array([0.1, 0.3, 0.2, 0.15, 0.05, 0.2])
    parameters = {n: t.detach() for n, t in model.named_parameters()}
    losses = lambda p: functional.cross_entropy(torch.func.functional_call(model, p, (X,)), Y, reduction="none")  # noqa: E731
    dense = tensors(losses, parameters, 2)
    third = tensors(lambda p: losses(p) @ torch.tensor(weights) * torch.ones(1, dtype=torch.float64), parameters)[3]
    metric = np.concatenate(
        [np.full(t.numel(), {"0.weight": 2.0, "0.bias": 0.5}.get(n, 3.0)) for n, t in parameters.items()]
    )
    expected = SERIES.kernel().coefficients([*dense, third], T=5, weights=weights, metric=metric)
    groups = {"0.weight": 2.0, "0.bias": 0.5, "2": 3.0}
    assert coefficients(model, (X, Y), weights=weights, metric=groups) == pytest.approx(expected, rel=1e-8)
    loss, start = supervised(model, functional.cross_entropy)
    options = {"samples": 20_000, "replicates": 8, "progress": False, "weights": weights, "metric": groups}
    drawn = evaluate(expand(order=2, batch_size=1), loss, start, (X, Y), 0.1, T=5, **options)
    assert (np.abs(drawn.coefficients - expected[:3]) <= 3 * drawn.coefficient_errors + 1e-12).all()
    for wrong, message in [
        ({"weights": weights[:3]}, r"weights has shape \(3,\); there are 6 data points"),
        ({"weights": 2 * weights}, "weights must sum to 1, not to 2"),
        ({"metric": {"1": 2.0}}, "metric has a group '1'; the parameters are 0.weight"),
        (
            {"metric": {"0.bias": np.ones(3)}},
            r"metric of 0.bias has shape \(3,\); it must be a number or of shape \(4,\)",
        ),
        ({"metric": -1}, "must hold finite numbers of at least 0"),
    ]:
        with pytest.raises(ValueError, match=message):
            coefficients(model, (X, Y), **wrong)


# what a loss function does with a batch


def test_sums_are_told_and_class_weights_work_with_them(capsys):
    torch.manual_seed(0)
    model, series = perceptron().double(), expand(order=2, batch_size=1)
    loss, parameters = supervised(model, nn.CrossEntropyLoss(reduction="sum"))
    assert "loss_function adds up a batch" in str(plan(series, loss, parameters, (X, Y)))
    found = coefficients(model, (X, Y), nn.CrossEntropyLoss(reduction="sum"), series)
    assert found == pytest.approx(coefficients(model, (X, Y), series=series), rel=1e-12)
    weight = torch.tensor([1.0, 3.0], dtype=torch.float64)
    weighted = coefficients(model, (X, Y), nn.CrossEntropyLoss(weight, reduction="sum"), series)
    outputs = model(X)
    by_hand = (functional.cross_entropy(outputs, Y, reduction="none") * weight[Y]).mean()
    assert weighted[0] == pytest.approx(by_hand.item(), rel=1e-12)
    with pytest.raises(ValueError, match="class weights with reduction='mean' divide by the weights of the batch"):
        supervised(model, nn.CrossEntropyLoss(weight))
    hidden = lambda outputs, y: functional.cross_entropy(outputs, y, weight)  # noqa: E731
    with pytest.raises(
        ValueError, match="the loss of a batch is neither the mean nor the sum of the losses of its data"
    ):
        coefficients(model, (X, Y), hidden, series)
    with pytest.raises(
        ValueError, match=r"loss_function leaves numbers of shape \(2,\) for one data point; it must average"
    ):
        coefficients(model, (X, Y), lambda outputs, y: outputs, series)


def test_ignored_targets_are_found_wherever_they_are():
    torch.manual_seed(0)
    model, words = Language().double(), torch.randint(0, 4, (40, 4))
    x, y = words[:, :-1], words[:, 1:].clone()
    y[20, 1] = -100
    with pytest.raises(ValueError, match="the loss of a batch is neither the mean nor the sum"):
        coefficients(model, (x, y), series=expand(order=1, batch_size=1))
    added = coefficients(model, (x, y), nn.CrossEntropyLoss(reduction="sum"), expand(order=1, batch_size=1))
    assert added[0] == pytest.approx(nn.CrossEntropyLoss(reduction="sum")(model(x), y).item() / 40)


def test_precisions_meet():
    """A model in single precision and data in double, or in half, whose numbers are what they are."""
    torch.manual_seed(0)
    model, series = perceptron(), expand(order=2, batch_size=1)
    expected = coefficients(model, (X.float(), Y), series=series)
    assert coefficients(model, (X, Y), series=series) == pytest.approx(expected, rel=1e-4)
    for dtype in (torch.bfloat16, torch.float16):
        half = perceptron()
        half.load_state_dict({n: t.to(dtype) for n, t in model.state_dict().items()})
        reference = coefficients(half, (X, Y), series=series)
        loss, parameters = supervised(half.to(dtype), functional.cross_entropy)
        assert "computed with in float32" in str(plan(series, loss, parameters, (X, Y)))
        found = evaluate(series, loss, parameters, (X, Y), 0.1, T=5, **ALL).coefficients
        assert found == pytest.approx(reference, rel=1e-5)


# what is refused, and what is said


def refused():
    class Chance(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, x):
            return self.layer(x) * torch.rand(())

    class Cut(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, x):
            return self.layer(x) * self.layer.bias.sum().item()

    class Mapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, x):
            return nn.functional.hardsigmoid(self.layer(x))

    class Augmented(Items):
        def __getitem__(self, i):
            return X[i] + torch.rand(2), Y[i]

    frozen = nn.Linear(2, 2).requires_grad_(requires_grad=False)
    plain = nn.Linear(2, 2)
    weighted = DataLoader(TensorDataset(X, Y), sampler=torch.utils.data.WeightedRandomSampler([1.0] * 6, 6))
    return {
        "batch norm": (nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), (X, Y), "layer 1 is a BatchNorm1d in training"),
        "dropout": (nn.Sequential(nn.Dropout(), nn.Linear(2, 2)), (X, Y), "layer 0 is a Dropout with dropout in training"),
        "lstm dropout": (nn.LSTM(2, 2, 2, dropout=0.5), (X, Y), "layer model is a LSTM with dropout in training mode"),
        "batch statistics": (
            nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2, track_running_stats=False)).eval(), (X, Y), "the loss of|eval",
        ),
        "frozen": (frozen, (X, Y), "the model has no parameters that are trained"),
        "chance": (Chance(), (X, Y), "call eval"),
        "cut": (Cut(), (X, Y), "derivatives of order 1 of the loss as PyTorch gives them are wrong|gradient is 0"),
        "operator": (Mapped(), (X, Y), "hardsigmoid_backward is not implemented.*write it with others"),
        "shape": (nn.Linear(3, 2), (X, Y), "the loss fails in PyTorch"),
        "no pair": (plain, X, "data must be a pair"),
        "no pairs": (plain, iter([X]), "a batch must be a pair"),
        "empty": (plain, iter([]), "the iterable of batches is empty, or was read before"),
        "weighted": (plain, weighted, "the loader draws data points with replacement"),
        "augmented": (plain, Augmented(), "data point 0 of the dataset is another one each time it is read"),
    }  # fmt: skip


@pytest.mark.parametrize("name", refused())
def test_what_has_no_series_is_refused_in_one_line(name):
    torch.manual_seed(0)
    model, data, message = refused()[name]
    with pytest.raises(ValueError, match=message) as error:
        coefficients(model.double(), data, series=expand(order=2, batch_size=1))
    assert len(str(error.value)) <= 300
    assert "\n" not in str(error.value)


def test_what_is_not_trained_and_what_is_slow_is_said():
    model, x, y = problem("frozen")
    loss, parameters = supervised(model, functional.cross_entropy)
    assert "not trained: 0.bias" in str(plan(SERIES, loss, parameters, (x, y)))
    model, x, y = problem("LSTM")
    loss, parameters = supervised(model, functional.cross_entropy)
    assert "data points one after the other" in str(plan(SERIES, loss, parameters, (x, y)))


def test_a_long_formula_has_the_value_of_its_short_form():
    """Thirty terms one after the other, and as one array."""
    terms = torch.arange(30, dtype=torch.float64)[:, None]

    def long(weights, x):
        total = 0.0
        for k in range(len(terms)):
            total = total + torch.sin(weights * x + k) / (k + 1)
        return (total**2).sum()

    def short(weights, x):
        return ((torch.sin(weights * x + terms) / (terms + 1)).sum(0) ** 2).sum()

    weights = torch.tensor([0.3, 0.2], dtype=torch.float64)
    data = torch.linspace(0, 1, 6, dtype=torch.float64).reshape(3, 2)
    series = expand(order=2, batch_size=1, steps=3)
    found = [evaluate(series, loss, weights, data, 0.01, mode="exact", progress=False) for loss in (long, short)]
    np.testing.assert_allclose(found[0].coefficients, found[1].coefficients, rtol=1e-10)


def test_a_module_is_no_loss():
    with pytest.raises(ValueError, match=r"not a Linear; supervised\(model, loss_function\) makes one of a module"):
        evaluate(SERIES, nn.Linear(2, 2), {}, (X, Y), 0.1, T=5)
    with pytest.raises(ValueError, match="loss_function must be a function, not 3"):
        supervised(nn.Linear(2, 2), 3)
    with pytest.raises(ValueError, match="model must be a torch"):
        supervised(3, functional.cross_entropy)


# memory


def many_classes():
    """Logits that are larger than the parameters of most models."""
    torch.manual_seed(0)
    return nn.Linear(2, 50_000, bias=False), torch.randn(48, 2), torch.randint(0, 50_000, (48,))


@pytest.mark.parametrize("name", ["MLP", "CNN with pooling", "TransformerEncoderLayer", "GPT, tied", "50 000 classes"])
def test_the_plan_knows_the_peak(name, monkeypatch):
    """What is measured are the tensors that PyTorch makes and has not freed."""
    if name == "50 000 classes":
        model, x, y = many_classes()
    else:
        model, x, y = problem(name)
        repeats = 1024 // len(x)
        x, y = x.repeat(repeats, *[1] * (x.dim() - 1)), y.repeat(repeats, *[1] * (y.dim() - 1))
    loss, parameters = supervised(model, functional.cross_entropy)
    options = {"samples": 16, "replicates": 2, "minibatch": 2}
    series, peaks = expand(order=2, batch_size=1), []
    expected = plan(series, loss, parameters, (x, y), **options).bytes
    for step in ("total", "values"):
        taken = getattr(TorchCalculus, step)

        def watched(calculus, *arguments, taken=taken):
            found = []
            peaks.append(most_bytes(lambda: found.append(taken(calculus, *arguments))))
            return found[0]

        monkeypatch.setattr(TorchCalculus, step, watched)
    evaluate(series, loss, parameters, (x, y), 0.1, T=5, progress=False, **options)
    assert expected / 1.5 <= max(peaks) <= 1.5 * expected


def test_memory_holds_for_the_peak():
    model, x, y = many_classes()
    loss, parameters = supervised(model, functional.cross_entropy)
    series = expand(order=2, batch_size=1)
    whole = plan(series, loss, parameters, (x, y))
    half = plan(series, loss, parameters, (x, y), memory=whole.bytes // 2)
    assert half.in_pass < whole.in_pass
    assert half.bytes <= whole.bytes // 2
    with pytest.raises(ValueError, match=r"the arrays of one step take .* more than memory=1000000 allows"):
        evaluate(series, loss, parameters, (x, y), 0.1, T=5, progress=False, memory=10**6)
