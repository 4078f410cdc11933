"""Small networks of every kind for PyTorch, and the dense derivative tensors of their losses."""

from functools import partial

import torch
from torch import nn
from torch.nn import functional

POINTS, CLASSES = 4, 2


def tensors(losses, parameters, order=3):
    """Derivative tensors of losses(parameters) -> (n,): of every point to second order, the mean above, by autograd alone."""
    leaves = [tensor.clone().requires_grad_() for tensor in parameters.values()]
    size = sum(leaf.numel() for leaf in leaves)
    eye = torch.eye(size, dtype=torch.float64)

    def gradient(value):
        found = torch.autograd.grad(value, leaves, create_graph=True, materialize_grads=True)
        return torch.cat([part.reshape(-1) for part in found])

    def jacobian(vector, again=False):
        """The derivative of a vector, one more of which may be taken."""
        if not vector.requires_grad:
            return torch.zeros(size, size, dtype=torch.float64)
        if again:
            return torch.stack([gradient(entry) if entry.requires_grad else 0 * eye[0] for entry in vector])
        backwards = partial(torch.autograd.grad, vector, leaves, retain_graph=True, materialize_grads=True)
        try:
            found = backwards(eye, is_grads_batched=True)
        except RuntimeError:  # an operator has no rule for many at once
            found = [torch.stack(rows) for rows in zip(*map(backwards, eye), strict=True)]
        return torch.cat([part.reshape(size, -1) for part in found], 1)

    each = losses(dict(zip(parameters, leaves, strict=True)))
    first = [gradient(value) for value in each]
    found = [each.detach(), torch.stack(first).detach(), torch.stack([jacobian(g) for g in first]).detach()]
    if order == 3:
        rows = jacobian(gradient(each.mean()), again=True)
        found.append(torch.stack([jacobian(row) for row in rows]).detach())
    return [tensor.numpy() for tensor in found]


class Recurrent(nn.Module):
    """A recurrent layer, read off at its end."""

    def __init__(self, kind):
        super().__init__()
        self.layer, self.read = kind(1, 1, batch_first=True), nn.Linear(1, CLASSES)

    def forward(self, x):
        return self.read(self.layer(x)[0][:, -1])


class Encoder(nn.Module):
    """The encoder layer of PyTorch."""

    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(2, 1, 1, batch_first=True, bias=False)
        self.read = nn.Linear(2, CLASSES)

    def forward(self, x):
        return self.read(self.layer(x).mean(1))


class VisionTransformer(nn.Module):
    """Patches, a position each, a layer of attention, a class token."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(1, 2, 2, stride=2, bias=False)
        self.token, self.place = nn.Parameter(torch.randn(1, 1, 2)), nn.Parameter(torch.randn(1, 5, 2))
        self.norm, self.heads = nn.LayerNorm(2), nn.MultiheadAttention(2, 1, batch_first=True, bias=False)
        self.read = nn.Linear(2, CLASSES, bias=False)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), 1, 2), x], 1) + self.place
        y = self.norm(x)
        return self.read((x + self.heads(y, y, y, need_weights=False)[0])[:, 0])


class Language(nn.Module):
    """A causal language model whose last layer is its embedding."""

    def __init__(self, words=4, width=2, length=3):
        super().__init__()
        self.words, self.places = nn.Embedding(words, width), nn.Embedding(length, width)
        self.mix, self.norm = nn.Linear(width, 3 * width), nn.LayerNorm(width)
        self.out = nn.Linear(width, words, bias=False)
        self.out.weight = self.words.weight

    def forward(self, x):
        h = self.words(x) + self.places(torch.arange(x.shape[-1]))
        q, k, v = self.mix(self.norm(h)).chunk(3, -1)
        return self.out(h + functional.scaled_dot_product_attention(q, k, v, is_causal=True)).transpose(1, 2)


class InPlace(nn.Module):
    """Writes into a tensor, and looks at a value."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(2, 3), nn.Linear(3, CLASSES)

    def forward(self, x):
        hidden, filled = torch.tanh(self.first(x)), torch.zeros(len(x), 3, dtype=x.dtype)
        filled[:, :2] = hidden[:, :2]
        filled[:, 2] = hidden[:, 2] ** 2
        return self.last(filled * 2 if self.last.bias.sum().item() < 9 else filled)


class Checkpointed(nn.Module):
    """Computes its hidden layer again on the way back."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(2, 3), nn.Linear(3, CLASSES)

    def forward(self, x):
        from torch.utils.checkpoint import checkpoint

        return self.last(checkpoint(lambda x: torch.tanh(self.first(x)), x, use_reentrant=False))


def perceptron(*hidden):
    return nn.Sequential(nn.Linear(2, 4), *(hidden or (nn.Tanh(),)), nn.Linear(4, CLASSES))


def convolutional(*after):
    return nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), *after, nn.Tanh(), nn.Flatten(), nn.Linear(4, CLASSES))


def partly_frozen():
    model = perceptron()
    model[0].bias.requires_grad_(requires_grad=False)
    return model


def trained_norm():
    """Batch normalisation that has seen data."""
    model = convolutional(nn.BatchNorm2d(1), nn.AvgPool2d(2))
    model(torch.randn(8, 1, 4, 4))
    return model


SHAPES = {"vector": (2,), "sequence": (3, 1), "tokens": (2, 2), "picture": (1, 4, 4)}
MODELS = {
    "MLP": (perceptron, "vector"),
    "CNN with pooling": (lambda: convolutional(nn.MaxPool2d(2)), "picture"),
    "LayerNorm": (lambda: perceptron(nn.LayerNorm(4), nn.Tanh()), "vector"),
    "GroupNorm": (lambda: convolutional(nn.GroupNorm(1, 1), nn.AvgPool2d(2)), "picture"),
    "BatchNorm in eval": (trained_norm, "picture"),
    "LSTM": (lambda: Recurrent(nn.LSTM), "sequence"),
    "GRU": (lambda: Recurrent(nn.GRU), "sequence"),
    "TransformerEncoderLayer": (Encoder, "tokens"),
    "ViT": (VisionTransformer, "picture"),
    "GPT, tied": (Language, "words"),
    "frozen": (partly_frozen, "vector"),
    "in place, control flow": (InPlace, "vector"),
    "checkpointed": (Checkpointed, "vector"),
    "compiled": (lambda: torch.compile(perceptron()), "vector"),
}


def problem(name):
    """A model in double precision in evaluation mode, and data."""
    torch.manual_seed(3)
    make, kind = MODELS[name]
    model = make().double().eval() if name != "BatchNorm in eval" else make().eval().double()
    if kind == "words":
        words = torch.randint(0, 4, (POINTS, 4))
        return model, words[:, :-1], words[:, 1:]
    return model, torch.randn(POINTS, *SHAPES[kind], dtype=torch.float64), torch.arange(POINTS) % CLASSES
