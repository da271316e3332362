"""Which mode a sample belongs to: of a mixture by its density, of Stacked MNIST by digits."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from scipy.spatial.distance import cdist

from keras_ot_gans.metrics.feature_networks import FeatureNetwork
from keras_ot_gans.metrics.features import row_blocks
from keras_ot_gans.metrics.points import as_point_pair
from keras_ot_gans.metrics.quantise import to_pixels


def mixture_labels(x: Any, centres: Any, scale: float, weights: Any = None) -> np.ndarray:
    """Most probable mode of each point under a mixture of equally wide round Gaussians.

    The Bayes classifier, `argmax_k log w_k - |x - c_k|^2 / (2 scale^2)`: no trained one can
    be right more often. Without weights it is the nearest centre, as in `mode_coverage`.

    Args:
        x: array `(n, d)`, the points.
        centres: array `(k, d)`, the modes' means.
        scale: float > 0, standard deviation of one coordinate in a mode.
        weights: array `(k,)` of non-negative weights, the modes' shares; `None` for equal.

    Returns:
        int64 array `(n,)`, values in `[0, k)`. Of equal probabilities the first counts.

    Raises:
        ValueError: if shapes disagree or a number is out of its range.

    Example:
        >>> mixture_labels([[0.9], [1.1]], centres=[[0.0], [2.0]], scale=1.0).tolist()
        [0, 1]
        >>> mixture_labels([[0.9], [1.1]], [[0.0], [2.0]], 1.0, weights=[0.9, 0.1]).tolist()
        [0, 0]

    Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial
        Gradient Estimation", section 5.2.
    Differs: the paper counts modes by a "pre-trained classifier" without describing it.
    """
    x, centres = as_point_pair("x", x, "centres", centres)
    if np.ndim(scale) or not (np.isfinite(scale) and scale > 0):
        raise ValueError(f"`scale` must be one positive number. Received: scale={scale!r}.")
    if weights is None:
        bonus = np.zeros(len(centres))
    else:
        weights = np.asarray(weights, dtype=np.float64)
        if weights.shape != (len(centres),) or not np.all(np.isfinite(weights) & (weights >= 0)):
            raise ValueError(
                f"`weights` must be {len(centres)} finite, non-negative numbers, one per centre. "
                f"Received: shape {weights.shape}. Pass those of the mixture, or None."
            )
        with np.errstate(divide="ignore"):  # a mode of weight 0 is never the answer
            bonus = np.log(weights)
    labels = np.empty(len(x), np.int64)
    for part in row_blocks(len(x), 2**16):
        squared = cdist(x[part], centres, "sqeuclidean")
        labels[part] = np.argmax(bonus - squared / (2 * float(scale) ** 2), axis=1)
    return labels


def stacked_digit_labels(
    images: Any, classifier: Callable[[Any], Any], batch_size: int = 500
) -> np.ndarray:
    """Mode of each image of Stacked MNIST: a digit classifier, channel by channel.

    Args:
        images: array `(n, height, width, 3)`, float in [-1, 1], rounded to 8 bits here, or
            uint8.
        classifier: a Keras model or function of images `(B, height, width, 1)` in [-1, 1] to
            10 logits or probabilities `(B, 10)`; or a `FeatureNetwork` with 10 logits, such
            as of `trained_classifier`.
        batch_size: int > 0, images at a time; three times as many digits.

    Returns:
        int64 array `(n,)`: `100 a + 10 b + c` for the digits a, b, c of channels 0, 1, 2.

    Raises:
        TypeError: if `classifier` cannot be called, or images are neither uint8 nor float.
        ValueError: if the images or the classifier's outputs are not as above.

    Example:
        >>> by_brightness = lambda x: np.eye(10)[np.rint(9 * x[:, 0, 0, 0]).astype(int)]
        >>> images = np.full((1, 2, 2, 3), np.array([4, 0, 7]) / 9)
        >>> stacked_digit_labels(images, by_brightness).tolist()
        [407]

    Source: Shen, Zhang and Chen, as above, section E.2; Metz et al., "Unrolled Generative
        Adversarial Networks", ICLR 2017.
    Differs: none; the paper's classifier is not published.
    """
    if not callable(classifier):
        raise TypeError(
            "`classifier` must be a Keras model or a function of images. Received: "
            f"{type(classifier).__name__}. See `trained_classifier`."
        )
    if (
        not isinstance(batch_size, (int, np.integer))
        or isinstance(batch_size, bool)
        or batch_size < 1
    ):
        raise ValueError(
            f"`batch_size` must be a positive int. Received: batch_size={batch_size!r}."
        )
    images = np.asarray(images)
    if images.ndim != 4 or not images.size:
        raise ValueError(
            "`images` must have axes (n, height, width, 3) and hold at least one image. "
            f"Received: shape {images.shape}. Generate some first."
        )
    labels = np.empty(len(images), np.int64)
    for part in row_blocks(len(images), batch_size):
        pixels = to_pixels(images[part], channels=3)
        digits = np.moveaxis(pixels, 3, 1).reshape(-1, *pixels.shape[1:3], 1)
        classes = _scores(digits, classifier).argmax(axis=1)
        labels[part] = classes.reshape(-1, 3) @ np.array([100, 10, 1])
    return labels


def _scores(pixels: np.ndarray, classifier: Callable) -> np.ndarray:
    """Return logits `(B, 10)` of grey images in [0, 255]."""
    digits = pixels / np.float32(127.5) - np.float32(1.0)
    if isinstance(classifier, FeatureNetwork):
        scores = classifier(pixels).logits
    elif isinstance(classifier, keras.Model):
        scores = classifier(digits, training=False)
    else:
        scores = classifier(digits)
    scores = None if scores is None else keras.ops.convert_to_numpy(scores)
    if scores is None or scores.shape != (len(digits), 10) or not np.isfinite(scores).all():
        received = "none" if scores is None else f"shape {scores.shape}, or some not finite"
        raise ValueError(
            f"`classifier` must return 10 finite numbers for each digit, ({len(digits)}, 10). "
            f"Received: {received}. Train it on the digits 0 to 9."
        )
    return scores
