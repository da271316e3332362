"""A learned distance between all pairs of two batches."""

import keras
from keras import ops

from keras_ot_gans.ops.costs import squared_differences
from keras_ot_gans.ops.numerics import Tensor


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class PairwiseDistance(keras.layers.Layer):
    """Network on the element-wise squared differences of all pairs.

    `d(x_i, y_j) = network((x_i - y_j)^2)`, symmetric in its arguments. It is the navigator of the
    second version of the ACT code. The output is unconstrained: only its differences along a row
    or a column decide a conditional plan.

    Args:
        network: `keras.Model` `(n, d) -> (n, 1)`.
        **kwargs: `keras.layers.Layer` arguments.

    Call arguments:
        x_real: float tensor `(n, d)`.
        x_fake: float tensor `(m, d)`.

    Returns:
        float32 tensor `(n, m)`. Memory grows with `n m d`.

    Raises:
        ValueError: if the network's output is not one number per pair.

    Example:
        >>> total = keras.Sequential([keras.Input((2,)), keras.layers.Dense(
        ...     1, kernel_initializer="ones")])
        >>> x, y = ops.array([[0.0, 0.0]]), ops.array([[1.0, 2.0], [3.0, 0.0]])
        >>> PairwiseDistance(total)(x, y).numpy().tolist()
        [[5.0, 9.0]]

    Source: Zheng and Zhou, "Exploiting Chain Rule and Bayes' Theorem to Compare Probability
        Distributions", NeurIPS 2021 (the later version of ACT), section 2.
    """

    def __init__(self, network: keras.Model, **kwargs):
        super().__init__(**kwargs)
        self.autocast = False  # differences are formed before half precision rounds them
        if network.built and network.output_shape[-1] != 1:
            raise ValueError(
                "`network` must return one number per pair, axes (n, 1). "
                f"Received: output shape {network.output_shape}. End it with `Dense(1)`."
            )
        self.network = network
        self.built = True

    def call(self, x_real: Tensor, x_fake: Tensor, training: bool | None = None) -> Tensor:
        """Return the distances of all pairs (see the class)."""
        differences = squared_differences(x_real, x_fake)
        n, m, d = ops.shape(differences)
        flat = self.network(ops.reshape(differences, (n * m, d)), training=training)
        return ops.cast(ops.reshape(flat, (n, m)), "float32")

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        network = keras.saving.serialize_keras_object(self.network)
        return {**super().get_config(), "network": network}

    @classmethod
    def from_config(cls, config: dict) -> "PairwiseDistance":
        """Build the layer from `get_config`."""
        network = keras.saving.deserialize_keras_object(config.pop("network"))
        return cls(network, **config)
