"""A feature network out of any Keras model."""

from typing import Any

import keras
import tensorflow as tf

from keras_ot_gans.metrics.feature_networks.feature_network import FeatureNetwork
from keras_ot_gans.metrics.feature_networks.weight_files import sha256_of_arrays
from keras_ot_gans.ops.spread import spread


def from_keras(
    model: keras.Model,
    *,
    feature_layer: str | None = None,
    logit_layer: str | None = None,
    input_range: tuple[float, float] = (-1.0, 1.0),
    name: str = "custom",
) -> FeatureNetwork:
    """Feature network of a Keras model, frozen as it is now.

    The model gives features, or a pair of features and logits; or name the layers whose
    outputs they are. It runs with `training=False`; do not train it afterwards, for its
    hash is taken here.

    Args:
        model: functional model of one image input `(B, H, W, C)`, `C` being 1 or 3;
            `H` and `W` may be `None`.
        feature_layer: name of the layer whose output `(B, d)` are the features; `None`
            takes the model's (first) output.
        logit_layer: name of the layer whose output `(B, k)` are the logits before
            softmax; `None` takes the model's second output, if there is one.
        input_range: the values that the model expects for 0 and for 255.
        name: name for the protocol card.

    Returns:
        `FeatureNetwork`, `comparable` false, without a resize: images must have the
        model's size.

    Raises:
        ValueError: if the model has other inputs or outputs, a layer is not there, or
            the range is empty.
        TypeError: if `model` is no built Keras model.

    Example:
        >>> pool = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])
        >>> network = from_keras(pool, name="pixels")
        >>> network.feature_dim, network.num_classes, network.image_size
        (64, None, (8, 8))
    """
    if not isinstance(model, keras.Model) or getattr(model, "inputs", None) is None:
        raise TypeError(
            "`model` must be a functional or sequential Keras model that is built. Received: "
            f"{type(model).__name__}. Give it a keras.Input."
        )
    low, high = (float(edge) for edge in input_range)
    if not low < high:
        raise ValueError(
            "`input_range` must be (least, greatest) value of a pixel. "
            f"Received: input_range={tuple(input_range)}. Use (-1, 1), (0, 1) or (0, 255)."
        )
    shape = model.inputs[0].shape
    if len(model.inputs) != 1 or len(shape) != 4 or shape[3] not in (1, 3):
        raise ValueError(
            "`model` must have one input of images (B, H, W, C) with 1 or 3 channels. Received: "
            f"inputs of shapes {[tuple(entry.shape) for entry in model.inputs]}. "
            "Wrap it into a model that has."
        )
    features, logits = _outputs(model, feature_layer, logit_layer)
    frozen = keras.Model(model.inputs, features if logits is None else [features, logits])
    slope = (high - low) / 255.0

    @spread
    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32)])
    def run(images):
        return frozen([images * slope + low], training=False)

    def forward(images):
        return (run(images), None) if logits is None else run(images)

    return FeatureNetwork(
        name,
        sha256_of_arrays(frozen.get_weights()),
        comparable=False,
        resize="none",
        feature_dim=features.shape[1],
        num_classes=None if logits is None else logits.shape[1],
        channels=shape[3],
        image_size=None if None in shape[1:3] else tuple(shape[1:3]),
        forward=forward,
    )


def _outputs(model: keras.Model, feature_layer: str | None, logit_layer: str | None) -> Any:
    """Symbolic features and logits (or `None`), of rank 2 each."""
    given = list(model.outputs)
    if feature_layer is None and len(given) > 2:
        raise ValueError(
            "`model` must give features, or features and logits. "
            f"Received: {len(given)} outputs. Name the layers by `feature_layer` and `logit_layer`."
        )
    features = given[0] if feature_layer is None else _layer(model, "feature_layer", feature_layer)
    if logit_layer is not None:
        logits = _layer(model, "logit_layer", logit_layer)
    else:
        logits = given[1] if feature_layer is None and len(given) == 2 else None
    for what, output in (("features", features), ("logits", logits)):
        if output is not None and (len(output.shape) != 2 or output.shape[1] is None):
            raise ValueError(
                f"The {what} of `model` must have the shape (B, number). Received: shape "
                f"{tuple(output.shape)}. Pool or flatten them."
            )
    return features, logits


def _layer(model: keras.Model, argument: str, name: str) -> Any:
    """Output of a named layer."""
    names = [layer.name for layer in model.layers]
    if name not in names:
        raise ValueError(
            f"`{argument}` must name a layer of `model`. Received: {name!r}. Its layers: {names}."
        )
    return model.get_layer(name).output
