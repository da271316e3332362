"""What discriminator optimal transport minimises, and the directions it may move in."""

from keras import ops

from keras_ot_gans.ops.numerics import Tensor, as_float32, safe_norm
from keras_ot_gans.ops.priors import Normal, Uniform

PROJECTIONS = ("corrected", "paper", "none")


def dot_objective(
    points: Tensor,
    origin: Tensor,
    values: Tensor,
    k_eff: Tensor,
    delta: float = 1e-3,
    naive: bool = False,
) -> Tensor:
    """Cost of moving each point, less what the critic gives for it: `|x - y + delta 1| - D / k`.

    Args:
        points: float tensor `(B, ...)`, `x` in data space, `z` in latent space.
        origin: float tensor of the same shape, where the points started.
        values: float tensor `(B,)`, the critic's values of the points, or of what they generate.
        k_eff: float tensor `(B,)` or scalar > 0, the critic's Lipschitz constant in that space.
        delta: float >= 0, added to each coordinate of the move: the norm's gradient jumps at 0.
        naive: bool, leave the cost out, so that only the critic counts.

    Returns:
        float32 tensor `(B,)`. Its gradient is finite at the origin for every `delta`.

    Example:
        >>> found = dot_objective([[3.0, 4.0]], [[0.0, 0.0]], [1.0], 2.0, delta=0.0)
        >>> round(float(found[0]), 4)       # 5 - 1 / 2
        4.5

    Source: Tanaka, "Discriminator Optimal Transport", NeurIPS 2019, eqs. 19 and 22, Algorithms 1
        and 2.
    Differs: for `delta=0`, whose gradient at the origin the paper leaves undefined, it is 0.
    """
    values = as_float32(values)
    gain = values / ops.cast(k_eff, values.dtype)
    if naive:
        return -gain
    move = as_float32(points) - as_float32(origin) + delta
    return safe_norm(ops.reshape(move, (move.shape[0], -1))) - gain


def latent_direction(
    prior: Normal | Uniform, z: Tensor, g: Tensor, projection: str = "corrected"
) -> Tensor:
    """Gradient with respect to latents, made to keep normal latents near their sphere.

    Args:
        prior: of the latents. A uniform prior changes nothing: its box is kept by clipping.
        z: float tensor `(B, d)`.
        g: float tensor `(B, d)`, a gradient at `z`.
        projection: "corrected" removes the component along `z`, "paper" subtracts
            `(g . z) z / sqrt(d)`, "none" changes nothing.

    Returns:
        Float tensor `(B, d)`.

    Raises:
        ValueError: if the projection is unknown.

    Example:
        >>> found = latent_direction(Normal(), ops.array([[2.0, 0.0]]), ops.array([[3.0, 1.0]]))
        >>> found.numpy().tolist()
        [[0.0, 1.0]]

    Source: Tanaka, 2019, Algorithm 2.
    Differs: "paper" is what the paper prints. Where `|z|^2` is about d it multiplies the component
        along `z` by about `1 - sqrt(d)`, which turns it round and enlarges it; "corrected" divides
        by `|z|^2`, which is a projection. The authors' code has sqrt(128) for every d.
    """
    check_projection(projection)
    if projection == "none" or not isinstance(prior, Normal):
        return g
    if projection == "corrected":
        return prior.tangent(z, g)
    return g - z * ops.sum(g * z, axis=-1, keepdims=True) / z.shape[-1] ** 0.5


def check_projection(projection: str) -> None:
    """Check a projection's name.

    Args:
        projection: as `latent_direction`.

    Raises:
        ValueError: if it is unknown.
    """
    if projection not in PROJECTIONS:
        raise ValueError(
            f"`projection` must be one of {', '.join(PROJECTIONS)}. "
            f'Received: projection={projection!r}. Try "corrected".'
        )
