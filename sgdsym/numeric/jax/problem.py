"""A loss, its parameters and data as they are given, read once: the starting point of every evaluation by JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax

from sgdsym.numeric.jax.calculus import JaxCalculus
from sgdsym.numeric.matrix_free.data import Points, as_numpy, check_parameters, check_types
from sgdsym.numeric.matrix_free.legs import read_legs
from sgdsym.numeric.matrix_free.sources import read_points
from sgdsym.numeric.matrix_free.supervised import Supervised
from sgdsym.numeric.matrix_free.vectors import Product, check_direction

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_problem(
    loss: Any,
    parameters: Any,
    data: Any,
    *,
    function: Callable[[Any], Any] | None = None,
    weights: Any = None,
    metric: Any = None,
    along: Any = None,
    memory: int,
) -> tuple[JaxCalculus, Points]:
    """A loss at its parameters, and its data points.

    Raises:
        ValueError: naming what is no loss, no parameter or no data.
    """
    for name, given in (("loss", loss), ("function", function)):
        if given is not None and not callable(given):
            raise ValueError(f"{name} must be a function, not a {type(given).__name__}")
    if isinstance(loss, Supervised):
        loss.check()
    check_types(jax.tree.leaves(parameters), "parameters")
    arrays = jax.tree.map(_at_least_single, parameters)
    leaves = jax.tree.leaves(arrays)
    check_parameters(leaves)
    if along is not None:
        direction = [as_numpy(leaf) for leaf in jax.tree.leaves(along)]
        check_direction(direction, leaves)
        function = Product(jax.tree.leaves, [d.astype(leaf.dtype) for d, leaf in zip(direction, leaves, strict=True)])
    paths, _ = jax.tree_util.tree_flatten_with_path(parameters)
    names = [jax.tree_util.keystr(path, simple=True, separator=".") for path, _ in paths]
    legs = read_legs(metric, names, [leaf.shape for leaf in leaves])
    points, layout = read_points(data, flatten, pairs=isinstance(loss, Supervised), weights=weights, memory=memory)
    return JaxCalculus(loss, arrays, layout, function, legs), points


def flatten(data: Any) -> tuple[list[NDArray[Any]], Any]:
    """The arrays of a nesting, and the nesting."""
    leaves, nesting = jax.tree.flatten(data)
    check_types(leaves, "data")
    return [as_numpy(leaf) for leaf in leaves], nesting


def _at_least_single(leaf: Any) -> NDArray[Any]:
    """An array; half precision has no place in sums and derivatives."""
    array = as_numpy(leaf)
    return array.astype("float32") if array.dtype == "float16" else array
