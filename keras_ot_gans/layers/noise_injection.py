"""How a network gets noise in the middle: one map of it, weighed for each channel and pixel."""

import keras
from keras import layers

from keras_ot_gans.ops.numerics import Tensor


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class NoiseInjection(layers.Layer):
    """Add one map of noise to all channels, each weighed by its own learned number per pixel.

    `features + scale * noise`. The scales start at 0: an untrained network ignores its noise. The
    noise is an input, so that whoever calls the network draws it, and can draw it again.

    Args:
        **kwargs: `keras.layers.Layer` arguments.

    Call arguments:
        inputs: `[features, noise]`: float tensors `(B, h, w, c)` and `(B, h, w, 1)`, the noise
            standard normal.

    Returns:
        Float tensor `(B, h, w, c)`. The gradient flows to features, noise and scales.

    Raises:
        ValueError: if the inputs are not two, if height, width or channels of the features are
            not known, or if the noise is not one map of the same size.

    Example:
        >>> import numpy as np
        >>> layer = NoiseInjection()
        >>> features, noise = np.ones((1, 1, 2, 1)), np.array([[[[3.0], [4.0]]]])
        >>> layer([features, noise]).numpy().ravel().tolist()
        [1.0, 1.0]
        >>> _ = layer.scale.assign([[[1.0], [0.5]]])
        >>> layer([features, noise]).numpy().ravel().tolist()      # 1 + 1 * 3, 1 + 0.5 * 4
        [4.0, 3.0]

    Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial Gradient
        Estimation", 2020, appendix C; after Karras et al., "A Style-Based Generator Architecture
        for GANs", CVPR 2019, whose scales are one per channel.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.scale = None

    def build(self, input_shape: list) -> None:
        """Build the scales, all 0."""
        features, _ = _checked(input_shape)
        self.scale = self.add_weight(shape=features[1:], initializer="zeros", name="scale")

    def call(self, inputs: list[Tensor]) -> Tensor:
        """Add the weighed noise (see the class)."""
        _checked([x.shape for x in inputs])
        features, noise = inputs
        return features + self.scale * noise

    def compute_output_shape(self, input_shape: list) -> tuple:
        """Return the shape of the features."""
        return tuple(_checked(input_shape)[0])


def _checked(shapes: list) -> tuple[tuple, tuple]:
    """Return the shapes of features and noise, or say what is wrong with them."""
    if len(shapes) != 2 or not all(hasattr(shape, "__len__") for shape in shapes):
        raise ValueError(
            "`inputs` must be two tensors, [features, noise]. "
            f"Received: shape {shapes}. Draw noise of shape (B, height, width, 1)."
        )
    features, noise = map(tuple, shapes)
    if len(features) != 4 or None in features[1:]:
        raise ValueError(
            "`features` must have axes (B, height, width, channels), all but B known: there is a "
            f"scale for each. Received: shape {features}. Give the network a fixed image size."
        )
    if noise[1:] != (*features[1:3], 1) or len({features[0], noise[0]} - {None}) > 1:
        raise ValueError(
            f"`noise` must have shape {(features[0], *features[1:3], 1)}: one map of the size of "
            f"the features. Received: shape {noise}. Draw one channel at this layer's size."
        )
    return features, noise
