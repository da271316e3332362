"""Transport problems, and what their solutions must satisfy, in NumPy's float64."""

import numpy as np


def problem(n, m, seed=0):
    """Costs `(n, m)` in [0, 1) and weights of both sides."""
    rng = np.random.default_rng(seed)
    return rng.random((n, m)), rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))


def clustered(n, m, seed=0, clusters=10, d=64):
    """Cosine costs `(n, m)` of unit features in clusters, of which each side has its own share."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(clusters, d))

    def side(size):
        x = centres[rng.integers(clusters, size=size)] + 0.3 * rng.normal(size=(size, d))
        return x / np.linalg.norm(x, axis=1, keepdims=True)

    return 1.0 - side(n) @ side(m).T


def equal(points):
    return np.full(points, 1.0 / points)


def plan_of(cost, potentials, a=None, b=None):
    """Plan of potentials, by its formula."""
    cost, f, g, epsilon = (
        np.asarray(x, "float64") for x in (cost, potentials.f, potentials.g, potentials.epsilon)
    )
    weights = np.multiply.outer(
        *(equal(k) if w is None else w for k, w in zip(cost.shape, (a, b), strict=True))
    )
    exponent = np.where(weights > 0.0, (f[:, None] + g - cost) / epsilon, 0.0)
    return weights * np.exp(exponent)


def marginal_error(cost, potentials, a=None, b=None):
    """L1 distance of both marginals of the plan of potentials from the weights, over the mass."""
    a, b = (equal(k) if w is None else w for k, w in zip(cost.shape, (a, b), strict=True))
    plan = plan_of(cost, potentials, a, b)
    gaps = np.abs(plan.sum(1) - a).sum() + np.abs(plan.sum(0) - b).sum()
    return gaps / np.sum(a)
