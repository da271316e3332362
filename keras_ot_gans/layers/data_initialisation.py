"""Initialisation of a whole model by a batch of data."""

from typing import Any

import keras
import numpy as np

from keras_ot_gans.layers.weight_normalization import WeightNormalization


def _norms(model: keras.layers.Layer) -> list[WeightNormalization]:
    """List the weight normalisations of a model, at any depth, each once."""
    parts = {id(part): part for part in model._flatten_layers()}  # `layers` misses a layer's own
    return [part for part in parts.values() if isinstance(part, WeightNormalization)]


def has_weight_normalization(model: keras.layers.Layer) -> bool:
    """Tell whether a model has a weight normalisation, at any depth.

    Args:
        model: `keras.Model` or layer.

    Returns:
        bool.

    Example:
        >>> has_weight_normalization(keras.Sequential([keras.layers.Dense(1)]))
        False
    """
    return bool(_norms(model))


def _check_inputs(inputs: Any) -> None:
    """Check that every array of the inputs is a finite batch."""
    for part in keras.tree.flatten(inputs):
        if not isinstance(part, np.ndarray) and not hasattr(part, "numpy"):
            raise TypeError(
                "`inputs` must be what the model takes, arrays or tensors with values. Received: "
                f"{type(part).__name__}. Call this outside graphs, on a batch of data."
            )
        part = keras.ops.convert_to_numpy(part)
        if part.ndim == 0 or len(part) < 2:
            raise ValueError(
                "`inputs` must hold a batch of at least 2 samples: one has no variance. Received: "
                f"shape {part.shape}. Take a batch as large as those of training."
            )
        if not np.isfinite(part).all():
            raise ValueError(
                "`inputs` must be finite. Received: NaN or inf in an array of shape "
                f"{part.shape}. Look for what made it in the data."
            )


def initialise_from_data(model: keras.layers.Layer, inputs: Any) -> None:
    """Set gain and bias of every weight normalisation of a model, by one forward pass.

    Each `WeightNormalization`, nested at any depth, meets the outputs of layers that have been set
    before it, and calls its `initialise` on them: afterwards its pre-activations for these inputs
    have mean 0 and deviation `scale` in every channel. A layer that is called several times in a
    pass is set by its first call. The pass is one of inference, and eager. What gains and biases
    were before does not enter, so a second call sets everything anew.

    Under a distribution strategy, call it outside `strategy.run` (in cross-replica context): what
    is assigned there reaches all replicas.

    Args:
        model: `keras.Model` or layer, built or not.
        inputs: what the model takes: an array or tensor `(B, ...)`, or a list or dict of them;
            `B >= 2`. The authors of OT-GAN take the first real images of the training set for the
            critic, latents for the generator.

    Raises:
        ValueError: if the model has no weight normalisation or does not call one, if the inputs
            are not finite or not a batch, if one of the layers has no bias.
        TypeError: if the inputs have no values, as in a graph.

    Example:
        >>> model = keras.Sequential([WeightNormalization(keras.layers.Dense(3), scale=0.5)])
        >>> x = np.random.default_rng(0).normal(7.0, 2.0, (100, 4)).astype("float32")
        >>> initialise_from_data(model, x)
        >>> round(abs(float(np.mean(model(x)))), 4), round(float(np.std(model(x))), 4)
        (0.0, 0.5)

    Source: Salimans and Kingma, "Weight Normalization", NeurIPS 2016, section 3.
    Differs: the released code of OT-GAN intends it, but never runs the operations that assign.
    """
    _check_inputs(inputs)
    if not model.built:
        model(inputs, training=False)  # a model may make its layers when it is first called
    norms = _norms(model)
    if not norms:
        raise ValueError(
            "`model` must have a `WeightNormalization` layer to initialise. Received: "
            f"{model.name!r} without one. Wrap its layers, or leave the initialisation out."
        )
    try:
        for norm in norms:
            norm.initialise_at_call = True
        model(inputs, training=False)
        missed = [norm.layer.name for norm in norms if norm.initialise_at_call]
    finally:
        for norm in norms:
            norm.initialise_at_call = False
    if missed:
        raise ValueError(
            "`model` must call all of its `WeightNormalization` layers. Received: "
            f"{model.name!r}, which did not call {missed}. Call `layer.initialise(inputs)` on "
            "those, or take them out."
        )
