"""A draw from a factorised Gaussian, whose noise is an input."""

import keras

from keras_ot_gans.divergences.gaussian import gaussian_sample


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class GaussianDraw(keras.layers.Layer):
    """Turn parameters and standard normal noise into a draw: `mean + exp(log_variance / 2) noise`.

    The noise is an input, so that whoever draws it decides its seed, and gradients flow through
    mean and variance. Noise of 0 gives the mean.

    Args:
        **kwargs: of `keras.layers.Layer`. Computes in float32 unless told otherwise.

    Call arguments:
        parameters: tensor `(..., 2k)`, means first, then log-variances.
        noise: tensor `(..., k)`.

    Returns:
        Tensor `(..., k)`.

    Raises:
        ValueError: if the widths do not fit.

    Example:
        >>> from keras import ops
        >>> GaussianDraw()(ops.array([[1.0, 0.0]]), ops.ones((1, 1))).numpy().tolist()
        [[2.0]]

    Source: Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014, section 2.4.
    """

    def __init__(self, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})

    def build(self, parameters_shape: tuple, noise_shape: tuple) -> None:
        """Check the widths; there are no weights."""
        if parameters_shape[-1] != 2 * noise_shape[-1]:
            raise ValueError(
                "`parameters` must hold a mean and a log-variance for each entry of `noise`: "
                f"{2 * noise_shape[-1]} numbers. Received: {parameters_shape[-1]}."
            )

    def call(self, parameters, noise):
        """Return the draw."""
        return gaussian_sample(parameters, noise)

    def compute_output_shape(self, parameters_shape: tuple, noise_shape: tuple) -> tuple:
        """Return the shape of the draw."""
        return noise_shape
