"""The Inception v3 of `keras.applications`: near at hand, and not comparable."""

import os

import keras
import tensorflow as tf

from keras_ot_gans.metrics.feature_networks.feature_network import FeatureNetwork, WeightsMissing
from keras_ot_gans.metrics.feature_networks.resizing import TORCH_BILINEAR
from keras_ot_gans.metrics.feature_networks.weight_files import sha256_of_arrays
from keras_ot_gans.ops.spread import spread

_URL = (
    "https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/"
    "inception_v3_weights_tf_dim_ordering_tf_kernels.h5"
)


def keras_applications_inception(
    weights: str | os.PathLike | None = "imagenet",
) -> FeatureNetwork:
    """Inception v3 of `keras.applications`, whose scores compare only with its own.

    It has other weights, other pools and other classes than the network of the
    literature, so its FID and its Inception score are other numbers altogether. Use it
    to compare your own models with each other.

    Args:
        weights: `"imagenet"`, fetched by Keras at first use (92 MiB); the path of that
            file; or `None` for random weights.

    Returns:
        `FeatureNetwork` of 2048 features and 1000 logits, `comparable` false.

    Raises:
        WeightsMissing: if Keras cannot fetch the weights.
        ValueError: if the file is missing or does not hold this network's weights.

    Example:
        >>> keras_applications_inception("no/such.h5")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ValueError: `weights` must be "imagenet", None or an existing file. Received: ...

    Source: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision",
        CVPR 2016, as `keras.applications.InceptionV3`.
    Differs: images are resized bilinearly to 299 x 299 without antialiasing.
    """
    model = _model(weights)
    dense = model.layers[-1]
    both = keras.Model(model.input, [model.get_layer("avg_pool").output, model.output])

    @spread
    @tf.function(input_signature=[tf.TensorSpec((None, 299, 299, 3), tf.float32)])
    def run(images):
        return both(images / 127.5 - 1.0, training=False)

    return FeatureNetwork(
        "keras_applications_inception_v3",
        sha256_of_arrays(model.get_weights()),
        comparable=False,
        resize=TORCH_BILINEAR.name,
        feature_dim=both.outputs[0].shape[1],
        num_classes=dense.units,
        logit_bias=keras.ops.convert_to_numpy(dense.bias),
        forward=lambda images: run(TORCH_BILINEAR(images)),
    )


def _model(weights: str | os.PathLike | None) -> keras.Model:
    """The network of Keras with logits, its weights looked for before it is built."""
    if weights == "imagenet":
        try:
            weights = keras.utils.get_file(origin=_URL, cache_subdir="models")
        # `get_file` wraps every failure into a bare `Exception` and removes what it wrote.
        except Exception as error:
            raise WeightsMissing(
                f"The weights {_URL} could not be fetched ({error}). Get this file on a machine "
                "with a network and pass where it lies: keras_applications_inception(weights)."
            ) from error
    if weights is not None and not os.path.isfile(weights):
        raise ValueError(
            '`weights` must be "imagenet", None or an existing file. '
            f"Received: weights={os.fspath(weights)!r}. Get it from {_URL}."
        )
    model = keras.applications.InceptionV3(weights=None, classifier_activation=None)
    model.trainable = False
    if weights is not None:
        try:
            model.load_weights(weights)
        except (OSError, ValueError, KeyError) as error:
            raise ValueError(
                "`weights` must hold the weights of keras.applications.InceptionV3. Received: "
                f"{os.fspath(weights)!r}, which does not load ({error}). Get it again from {_URL}."
            ) from error
    return model
