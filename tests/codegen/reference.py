"""Resummed series in many digits: time-sums as powers of bidiagonal matrices, every index and data point in turn."""

from itertools import product

import mpmath as mp


def bidiagonal_power(nodes, steps):
    """The corner of the matrix with these nodes on the diagonal and ones beside it, raised to a power by squaring."""
    size = len(nodes)
    base = [[nodes[i] if i == j else mp.mpf(j == i + 1) for j in range(size)] for i in range(size)]
    total = [[mp.mpf(i == j) for j in range(size)] for i in range(size)]
    while steps:
        if steps & 1:
            total = multiplied(total, base)
        base, steps = multiplied(base, base), steps >> 1
    return total[0][-1]


def multiplied(left, right):
    size = len(left)
    return [[mp.fsum(left[i][k] * right[k][j] for k in range(i, j + 1)) for j in range(size)] for i in range(size)]


def cumulant(weights, factors):
    """The joint cumulant by the recursion over the block of the first variable."""
    first, *others = factors
    total = mp.fsum(w * mp.fprod(f[x] for f in factors) for x, w in enumerate(weights))
    for choice in product((False, True), repeat=len(others)):
        if not all(choice):
            inside = [f for f, chosen in zip(others, choice, strict=True) if chosen]
            outside = [f for f, chosen in zip(others, choice, strict=True) if not chosen]
            average = mp.fsum(w * mp.fprod(f[x] for f in outside) for x, w in enumerate(weights))
            total -= cumulant(weights, [first, *inside]) * average
    return total


def modes(law, moved, rooted, **sizes):
    """The rates of an edge and their weights, from the zeros of its polynomial; equal ones are moved apart a little."""
    if len(law.memory) + len(law.root_memory) > 3:
        moved += mp.mpf(10) ** (-mp.mp.dps // 3)

    def numbers(polynomial):
        exact = [c.substitute(sizes).as_fraction() for c in polynomial]
        return [mp.mpf(x.numerator) / x.denominator for x in exact]

    gain, below = numbers(law.gain), numbers(law.memory)
    below = [c + moved * (gain[k] if k < len(gain) else 0) for k, c in enumerate(below)]
    if rooted:
        gain, fixed = numbers(law.root_gain), numbers(law.root_memory)
        size = len(below) + len(fixed) - 1
        pairs = [(i, k - i) for k in range(size) for i in range(len(below)) if 0 <= k - i < len(fixed)]
        below = [mp.fsum(below[i] * fixed[j] for i, j in pairs if i + j == k) for k in range(size)]
    zeros = mp.polyroots(below[::-1], maxsteps=500, extraprec=2 * mp.mp.prec)
    slope = [k * c for k, c in enumerate(below)][1:]
    return [(z, mp.polyval(gain[::-1], z) / mp.polyval(slope[::-1], z)) for z in zeros]


def time_sum(difference, ratios, powers, known):
    """A product of divided differences, summed over the rates of its edges."""
    front, parts = difference.factors()
    total = mp.mpf(0)
    for chosen in product(*(ratios[e] for e in difference.edges)):
        ratio = {e: r for e, (r, _) in zip(difference.edges, chosen, strict=True)}
        found = mp.fprod(w for _, w in chosen) * mp.fprod(ratio[e] for e in front)
        for clock, edges in parts:
            nodes = tuple(mp.fprod(ratio[e] for e in node) for node in edges)
            nodes = tuple(x ** powers["slots"] for x in nodes) if clock == "epochs" else nodes
            if (clock, nodes) not in known:
                known[clock, nodes] = bidiagonal_power(nodes, powers[clock])
            found *= known[clock, nodes]
        total += found
    return mp.re(total)


def value(resummed, samples, eigenvalues, rate, steps, **sizes):
    """The value for a diagonal Hessian; samples by degree, arrays (n, p, ..., p) of floats."""
    count = len(samples[1])
    weights = [mp.mpf(1) / count] * count
    p, rate = len(eigenvalues), mp.mpf(rate)
    carried = [[modes(resummed.law, rate * mp.mpf(h), root, **sizes) for h in eigenvalues] for root in (False, True)]
    powers = {"steps": max(steps - resummed.law.start, 0)}
    if resummed.slots is not None:
        slots = int(resummed.slots.substitute(sizes | {"T": steps}).as_fraction())
        powers |= {"slots": slots, "epochs": steps // slots}
    axes = resummed.setting.open_indices
    total = [mp.mpf(0)] * (p if axes else 1)
    known = {}
    for diagram, time in resummed:
        for indices in product(range(p), repeat=diagram.order):
            component = tensors_at(diagram, indices, samples, eigenvalues, weights)
            if not component:
                continue
            summed = mp.mpf(0)
            for factors, coefficient in time.terms:
                exact = coefficient.substitute(sizes).as_fraction()
                term = mp.mpf(exact.numerator) / exact.denominator
                for difference in factors:
                    ratios = [carried[root][i] for root, i in zip(resummed.rooted(diagram), indices, strict=True)]
                    term *= time_sum(difference, ratios, powers, known)
                summed += term
            place = 0
            if axes:
                (root,) = diagram.open_roots
                (place,) = (i for e, i in enumerate(indices) if root in diagram.edges[e])
            total[place] += rate**diagram.order * component * summed
    return total if axes else total[0]


def tensors_at(diagram, indices, samples, eigenvalues, weights):
    """The product of the components of a diagram's cumulants; the Hessian is diagonal."""
    component = mp.mpf(1)
    entry = {v: [i for e, i in enumerate(indices) if v in diagram.edges[e]] for v in range(diagram.nodes)}
    for block in diagram.blocks:
        degrees = [len(entry[v]) for v in block]
        if degrees == [2]:
            i, j = entry[block[0]]
            component *= mp.mpf(eigenvalues[i]) if i == j else 0
        else:
            columns = (samples[k][(slice(None), *entry[v])] for k, v in zip(degrees, block, strict=True))
            component *= cumulant(weights, [[mp.mpf(float(x)) for x in column] for column in columns])
        if not component:
            break
    return component
