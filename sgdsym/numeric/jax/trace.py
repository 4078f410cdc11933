"""What a loss computes, read off its program: in which precision, with how much memory, and by which operators."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Literal, jaxpr_as_fun

from sgdsym.numeric.matrix_free.automatic import Precision

# float32 is normal down to 1.2e-38: a quotient by it stays finite
TINY = 1e-37  # next to nothing in single precision


def lowest_precision(function: Callable[[Any], Any], parameters: Any) -> Precision:
    """The lowest precision in which a function computes from its parameters: that of its gradient."""
    arrays = jax.tree.map(jnp.asarray, parameters)
    # a cast to a lower precision on the way forth is undone on the way back, and so is seen there
    value, back = jax.vjp(function, arrays)
    found = [Precision(str(leaf.dtype), "the parameters") for leaf in jax.tree.leaves(arrays)]
    found += [
        Precision(str(variable.aval.dtype), equation.primitive.name)
        for equation in _equations(jax.make_jaxpr(back)(value).jaxpr)
        for variable in equation.outvars
        if hasattr(variable.aval, "dtype") and jnp.issubdtype(variable.aval.dtype, jnp.floating)
    ]
    return max(found, key=lambda precision: precision.epsilon)


def most_bytes(function: Callable[..., Any], *arguments: Any) -> int:
    """The most bytes that the intermediate results of a function take at once: a bound, since XLA merges steps."""
    return _most_bytes(jax.make_jaxpr(function)(*arguments).jaxpr)


def _most_bytes(program: Any) -> int:
    # an intermediate result is held from the equation that makes it to the last one that reads it; constants of JAX
    # cannot be hashed, so that all go by their identity
    last = {id(v): i for i, equation in enumerate(program.eqns) for v in equation.invars}
    last |= {id(v): len(program.eqns) for v in program.outvars}
    held: dict[int, int] = {}
    most = 0
    for i, equation in enumerate(program.eqns):
        # inside a loop or a branch its own results come on top of what is held outside
        inner = max((_most_bytes(part) for part in _parts(equation)), default=0)
        held |= {id(v): _bytes(v.aval) for v in equation.outvars}
        most = max(most, sum(held.values()) + inner)
        held = {key: size for key, size in held.items() if last.get(key, -1) > i}
    return most


def _bytes(shape: Any) -> int:
    dtype = getattr(shape, "dtype", None)
    return int(shape.size) * int(getattr(dtype, "itemsize", 0))


def _parts(equation: Any) -> Iterator[Any]:
    """The programs inside an equation: of loops, branches and compiled functions."""
    for parameter in equation.params.values():
        for part in parameter if isinstance(parameter, tuple | list) else (parameter,):
            inner = getattr(part, "jaxpr", part)
            if hasattr(inner, "eqns"):
                yield inner


def _equations(program: Any) -> Iterator[Any]:
    for equation in program.eqns:
        yield equation
        for part in _parts(equation):
            yield from _equations(part)


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """One operator of a loss at the numbers it met, as a loss of its floating-point arguments.

    Attributes:
        name: the operator as JAX calls it.
        apply: the function that it computes.
        arguments: the numbers.
        free: which of them are differentiated.
    """

    name: str
    apply: Callable[..., Any]
    arguments: Sequence[Any]
    free: Sequence[int]

    @property
    def parameters(self) -> list[Any]:
        """The arguments that are differentiated."""
        return [self.arguments[i] for i in self.free]

    def __call__(self, parameters: Any, example: Any) -> Any:
        """A curved function of the results: rules may be wrong only where their results are used so."""
        # results are brought to size 1, where the exponential below neither overflows nor is flat
        sizes = [jnp.abs(x).max() + TINY for x in self._results(self.parameters)]
        return sum(_curved(x / size) for x, size in zip(self._results(parameters), sizes, strict=True))

    def _results(self, parameters: Sequence[Any]) -> list[Any]:
        filled = list(self.arguments)
        for i, parameter in zip(self.free, parameters, strict=True):
            filled[i] = parameter
        return [x for x in self.apply(*filled) if jnp.issubdtype(x.dtype, jnp.floating)]


def _curved(x: Any) -> Any:
    return (jnp.exp(x) * jnp.cos(jnp.arange(x.size, dtype=x.dtype)).reshape(x.shape)).sum()


def operators(function: Callable[[Any], Any], parameters: Any) -> Iterator[Operator]:
    """The operators of a function, each at the numbers it meets there."""
    leaves, nesting = jax.tree.flatten(jax.tree.map(jnp.asarray, parameters))
    program = jax.make_jaxpr(lambda *leaves: function(jax.tree.unflatten(nesting, leaves)))(*leaves)
    known = dict(zip(map(id, program.jaxpr.invars), leaves, strict=True))
    known |= dict(zip(map(id, program.jaxpr.constvars), program.consts, strict=True))
    for equation in program.jaxpr.eqns:
        inputs = list({id(v): v for v in equation.invars if not isinstance(v, Literal)}.values())
        alone = program.jaxpr.replace(constvars=[], invars=inputs, outvars=equation.outvars, eqns=[equation])
        apply = jaxpr_as_fun(ClosedJaxpr(alone, []))
        arguments = [known[id(v)] for v in inputs]
        free = [i for i, a in enumerate(arguments) if jnp.issubdtype(a.dtype, jnp.floating) and a.size]
        if free:
            yield Operator(str(equation.params.get("name") or equation.primitive.name), apply, arguments, free)
        known |= dict(zip(map(id, equation.outvars), apply(*arguments), strict=True))
