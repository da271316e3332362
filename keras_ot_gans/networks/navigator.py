"""The learned-distance navigator on differences of features."""

from collections.abc import Sequence

from keras_ot_gans.layers.pairwise import PairwiseDistance
from keras_ot_gans.networks.mlp import mlp


def difference_navigator(
    feature_dim: int,
    hidden: Sequence[int] = (512, 256),
    *,
    negative_slope: float = 0.01,
    name: str = "navigator",
) -> PairwiseDistance:
    """Navigator that learns a distance on element-wise squared differences.

    Args:
        feature_dim: int, width of what it compares: the critic's features, or raw data.
        hidden: widths of the hidden layers. (512, 256): the authors' image code; (100, 50): their
            toy code.
        negative_slope: float, slope of the leaky ReLU below 0. 0.01: the authors' code.
        name: the layer's name.

    Returns:
        `PairwiseDistance` `(n, feature_dim), (m, feature_dim) -> (n, m)`.

    Raises:
        ValueError: if a width is not positive.

    Example:
        >>> difference_navigator(2, (100, 50)).count_params()     # 3*100 + 101*50 + 51
        5401

    Source: Zheng and Zhou, "ACT", the authors' later code (NeurIPS 2021 version).
    Differs: their navigator also declares two batch norms that it never calls; ours has none.
    """
    network = mlp(feature_dim, hidden, 1, negative_slope=negative_slope)
    return PairwiseDistance(network, name=name)
