"""Minibatch energy distance: optimal transport between batches, inside an energy distance."""

from collections.abc import Callable
from typing import NamedTuple

import keras
from keras import ops

from keras_ot_gans.divergences.matching import EntropicMatching, Matching
from keras_ot_gans.ops.costs import cosine
from keras_ot_gans.ops.numerics import Tensor
from keras_ot_gans.ops.shapes import check_rank, check_same_last_dim

Cost = Callable[[Tensor, Tensor], Tensor]
Matcher = Callable[[Tensor], Matching]


class MinibatchEnergy(NamedTuple):
    """The distance, its terms, and how well its matchings were found.

    Attributes:
        value: scalar, `2 cross - within_real - within_fake`, the estimate of eq. 8.
        cross: scalar, mean transport cost between real and fake halves.
        within_real: scalar, transport cost between the two real halves.
        within_fake: scalar, transport cost between the two fake halves.
        marginal_error: scalar, largest of all matchings.
        iterations: float scalar, mean of all matchings.
        not_converged: float scalar, how many matchings.
        entropy: scalar, mean entropy of a point's partners in nats, without a gradient.
    """

    value: Tensor
    cross: Tensor
    within_real: Tensor
    within_fake: Tensor
    marginal_error: Tensor
    iterations: Tensor
    not_converged: Tensor
    entropy: Tensor


@keras.saving.register_keras_serializable(package="keras_ot_gans")
def minibatch_energy_distance(
    x_real: Tensor, x_fake: Tensor, cost: Cost = cosine, matching: Matcher | None = None
) -> MinibatchEnergy:
    """Squared minibatch energy distance of two batches, each cut into two independent halves.

    `D^2 = (W(X,Y) + W(X,Y') + W(X',Y) + W(X',Y')) / 2 - W(X,X') - W(Y,Y')`, where `W` is the mean
    cost of a matching that is held constant. Its gradient is that of the costs under the plans.
    Unbiased, and 0 in expectation where both distributions are equal; one value can be negative.

    Args:
        x_real: float tensor `(2 K, d)`, features; the first half is `X`, the second `X'`.
        x_fake: float tensor `(2 M, d)`, `Y` and `Y'`.
        cost: function `(n, d), (m, d) -> (n, m)`. `ops.cosine`: OT-GAN's.
        matching: function `(..., n, m) -> Matching`, such as `EntropicMatching()` (the default),
            `random_matching` or `uniform_matching`.

    Returns:
        `MinibatchEnergy`; terms in the unit of the cost.

    Raises:
        ValueError: if a batch is odd, empty or of another width.

    Example:
        >>> x = [[0.0], [0.0]]
        >>> from keras_ot_gans.ops import euclidean
        >>> float(minibatch_energy_distance(x, [[3.0], [4.0]], euclidean).value)     # 7 - 0 - 1
        6.0

    Source: Salimans, Zhang, Radford and Metaxas, "Improving GANs Using Optimal Transport", ICLR
        2018, eq. 8 and Algorithm 1.
    Differs: Algorithm 1 has twice this value. The authors' code injects gradients that are `K`
        times these, because it sums over samples, and logs half of it.
    """
    matching = EntropicMatching() if matching is None else matching
    (x, x2), (y, y2) = _halves("x_real", x_real), _halves("x_fake", x_fake)
    check_same_last_dim("x_real", x_real, "x_fake", x_fake)
    n, m = ops.shape(x)[0], ops.shape(y)[0]
    # One product for the four cross terms.
    cross = cost(x_real, x_fake)
    pairs = [cross[:n, :m], cross[:n, m:], cross[n:, :m], cross[n:, m:]]
    own = [cost(x, x2), cost(y, y2)]
    if x.shape[0] is not None and x.shape[0] == y.shape[0]:
        costs = ops.stack([*pairs, *own])
        found = [matching(ops.stop_gradient(costs))]
        terms = ops.sum(found[0].plan * costs, axis=(1, 2))
    else:
        groups = [ops.stack(pairs), own[0], own[1]]
        found = [matching(ops.stop_gradient(group)) for group in groups]
        sums = [ops.sum(a.plan * c, axis=(-2, -1)) for a, c in zip(found, groups, strict=True)]
        terms = ops.concatenate([sums[0], ops.stack(sums[1:])])
    return _assembled(ops.mean(terms[:4]), terms[4], terms[5], found)


@keras.saving.register_keras_serializable(package="keras_ot_gans")
def single_batch_energy_distance(
    x_real: Tensor, x_fake: Tensor, cost: Cost = cosine, matching: Matcher | None = None
) -> MinibatchEnergy:
    """Squared minibatch energy distance of two whole batches, each matched with itself too.

    `2 W(X,Y) - W(X,X) - W(Y,Y)`, where no point of a batch is matched with itself: a term on the
    diagonal makes it too dear. Twice the samples per matching, but no longer independent ones.

    Args:
        x_real: float tensor `(N, d)`, `N >= 2`.
        x_fake: float tensor `(M, d)`, `M >= 2`.
        cost: as in `minibatch_energy_distance`.
        matching: as there; `EntropicMatching` only makes sense.

    Returns:
        `MinibatchEnergy`.

    Raises:
        ValueError: if a batch has one point, or another width.

    Example:
        >>> from keras_ot_gans.ops import euclidean
        >>> x, y = [[0.0], [1.0]], [[0.0], [1.0]]
        >>> round(float(single_batch_energy_distance(x, y, euclidean).value), 3)    # 0 - 1 - 1
        -2.0

    Source: the option `--single_batch` of the authors' code, which its comment calls slightly
        wrong: the distance of a batch from itself is negative, as the example shows.
    """
    matching = EntropicMatching() if matching is None else matching
    check_same_last_dim("x_real", x_real, "x_fake", x_fake)
    cross = cost(x_real, x_fake)
    own = []
    for name, x in (("x_real", x_real), ("x_fake", x_fake)):
        check_rank(name, x, 2, "(N, d)")
        size = ops.convert_to_tensor(x).shape[0]
        if size is not None and size < 2:
            raise ValueError(
                f"`{name}` must have at least two points. Received: {size}. Use a larger batch."
            )
        own.append(cost(x, x))
    found = [matching(ops.stop_gradient(cross))]
    # To leave it, two pairs may have to become dearer, each by the whole range of costs.
    for within in own:
        fixed = ops.stop_gradient(within)
        dear = 3.0 * (ops.max(fixed) - ops.min(fixed)) + 1.0
        found.append(matching(fixed + dear * ops.eye(ops.shape(fixed)[0], dtype=fixed.dtype)))
    terms = [ops.sum(f.plan * c) for f, c in zip(found, [cross, *own], strict=True)]
    return _assembled(*terms, found)


def _halves(name: str, x: Tensor) -> tuple[Tensor, Tensor]:
    x = ops.convert_to_tensor(x)
    check_rank(name, x, 2, "(2 K, d)")
    size = x.shape[0]
    if size is not None and (size % 2 or size == 0):
        raise ValueError(
            f"`{name}` must have an even number of rows, two independent halves. Received: "
            f"{size}. Use an even batch size, and drop a partial last batch."
        )
    half = ops.shape(x)[0] // 2
    return x[:half], x[half:]


def _assembled(cross: Tensor, real: Tensor, fake: Tensor, found: list[Matching]) -> MinibatchEnergy:
    def joined(values: list[Tensor]) -> Tensor:
        return ops.concatenate([ops.reshape(v, (-1,)) for v in values])

    return MinibatchEnergy(
        value=2.0 * cross - real - fake,
        cross=cross,
        within_real=real,
        within_fake=fake,
        marginal_error=ops.max(joined([f.marginal_error for f in found])),
        iterations=ops.mean(ops.cast(joined([f.iterations for f in found]), "float32")),
        not_converged=ops.sum(1.0 - ops.cast(joined([f.converged for f in found]), "float32")),
        entropy=ops.mean(joined([f.entropy() for f in found])),
    )
