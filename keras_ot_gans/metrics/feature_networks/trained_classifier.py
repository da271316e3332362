"""A small classifier trained on the user's own data, for data that are not photographs."""

import dataclasses
import os
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_ot_gans.metrics.feature_networks.classifier_cache import (
    load_classifier,
    save_classifier,
    settings_hash,
)
from keras_ot_gans.metrics.feature_networks.feature_network import FeatureNetwork
from keras_ot_gans.metrics.feature_networks.from_keras import from_keras
from keras_ot_gans.networks import small_classifier


def trained_classifier(
    images: Any,
    labels: Any,
    cache_dir: str | os.PathLike | None,
    *,
    epochs: int = 5,
    width: int = 16,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    test_share: float = 0.1,
    seed: int = 0,
    verbose: int = 1,
) -> FeatureNetwork:
    """Feature network of a classifier that is trained here, once, on labelled images.

    Scores with it compare only where data, settings and seed are the same; the weights'
    hash tells. A cached classifier is taken when they are. The weights do not depend on
    global seeds; on one machine and one version of TensorFlow training is repeatable.

    Args:
        images: array `(n, H, W, C)`, uint8 or float in [-1, 1], `C` being 1 or 3 and the
            sides at least 4.
        labels: integers `(n,)`, the classes `0 .. k-1`.
        cache_dir: folder for the trained weights; made if need be. `None` for no cache.
        epochs: int >= 1, passes over the images.
        width: int >= 1, channels of the first convolution.
        batch_size: int >= 1.
        learning_rate: float > 0, of Adam.
        test_share: float in (0, 1), images kept for `test_accuracy`.
        seed: int >= 0, of the split, the weights, the order and the dropout.
        verbose: 0 for no progress bar.

    Returns:
        `FeatureNetwork` of the 64 features before the logits, and the logits;
        `comparable` false; `test_accuracy` on the images kept back.

    Raises:
        ValueError: if images, labels or a setting are not as above.
        OSError: if the cache cannot be written, such as on a full disk; no partial file
            stays.

    Example:
        >>> images = np.repeat([[0], [255]], 16 * 40, axis=0).astype("uint8")
        >>> images, labels = images.reshape(80, 4, 4, 1), np.repeat([0, 1], 40)
        >>> network = trained_classifier(images, labels, None, batch_size=8, verbose=0)
        >>> network.feature_dim, network.num_classes, network.test_accuracy
        (64, 2, 1.0)

    Source: `networks.small_classifier`, the kind of network that scores on MNIST are
        usually given with; no paper fixes its weights.
    Differs: none.
    """
    images, labels = _checked(images, labels)
    settings = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "test_share": test_share,
        "seed": seed,
    }
    _check_settings({"width": width, **settings})
    num_classes = int(labels.max()) + 1
    model = small_classifier(images.shape[1:], num_classes, width=width)
    path = None
    if cache_dir is not None:
        policy = keras.config.dtype_policy().name
        described = {"width": width, "policy": policy, **settings}
        path = Path(cache_dir, f"classifier-{settings_hash(images, labels, described)}.npz")
    found = None
    if path is not None and path.exists():
        try:
            found = load_classifier(path, [weight.shape for weight in model.weights])
        except ValueError as error:
            warnings.warn(f"{error} It is trained again.", stacklevel=2)
    if found is None:
        accuracy = _train(model, images, labels, verbose=verbose, **settings)
        if path is not None:
            save_classifier(path, model.get_weights(), accuracy)
    else:
        weights, accuracy = found
        model.set_weights(weights)
    network = from_keras(
        model, feature_layer="features", logit_layer="logits", name="trained_classifier"
    )
    bias = keras.ops.convert_to_numpy(model.get_layer("logits").bias)
    return dataclasses.replace(network, logit_bias=bias, test_accuracy=accuracy)


def _checked(images: Any, labels: Any) -> tuple[np.ndarray, np.ndarray]:
    """Images, uint8 as they are or float32, and int64 labels."""
    images, labels = np.asarray(images), np.asarray(labels)
    if images.ndim != 4 or images.shape[3] not in (1, 3) or min(images.shape[1:3]) < 4:
        raise ValueError(
            "`images` must have axes (n, H, W, C) with sides of at least 4 and 1 or 3 channels. "
            f"Received: shape {images.shape}. Add the axis of channels by images[..., None]."
        )
    if images.dtype != np.uint8:
        images = images.astype(np.float32)
        if not (len(images) and np.isfinite(images).all() and np.abs(images).max() <= 1.0):
            raise ValueError(
                "`images` must be uint8, or finite floats in [-1, 1]. Received: "
                f"{images.dtype} in [{images.min(initial=0):.4g}, {images.max(initial=0):.4g}]. "
                "Pass images / 127.5 - 1 of values in [0, 255], or turn them into uint8."
            )
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "ui":
        raise ValueError(
            "`labels` must be one integer per image. Received: shape "
            f"{labels.shape} and dtype {labels.dtype} for {len(images)} images. Pass class numbers."
        )
    labels = labels.astype(np.int64)
    classes = np.unique(labels)
    if len(classes) < 2 or not np.array_equal(classes, np.arange(len(classes))):
        raise ValueError(
            "`labels` must be the classes 0 .. k-1, at least two, each with an image. "
            f"Received: classes {classes.tolist()[:20]}. Number them by "
            "np.unique(labels, return_inverse=True)[1]."
        )
    return images, labels


def _check_settings(settings: dict) -> None:
    for name in ("epochs", "width", "batch_size", "learning_rate"):
        if not settings[name] > 0:
            raise ValueError(f"`{name}` must be positive. Received: {name}={settings[name]}.")
    if not 0 < settings["test_share"] < 1:
        raise ValueError(
            "`test_share` must lie in (0, 1). "
            f"Received: test_share={settings['test_share']}. Try 0.1."
        )


def _train(
    model, images, labels, *, epochs, batch_size, learning_rate, test_share, seed, verbose
) -> float:
    """Train `model` in place and give its accuracy on the images kept back."""
    rng = np.random.default_rng(seed)
    _seed_model(model, rng)
    order = rng.permutation(len(images))
    kept = min(max(1, round(test_share * len(images))), len(images) - 1)
    test, rest = order[:kept], order[kept:]
    size = min(batch_size, len(rest))
    steps = len(rest) // size
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    bar = keras.utils.Progbar(epochs * steps, unit_name="step", verbose=verbose)
    for _ in range(epochs):
        shuffled = rng.permutation(rest)
        for start in range(0, steps * size, size):  # what is left over waits for another epoch
            batch = np.sort(shuffled[start : start + size])
            loss = model.train_on_batch(_scaled(images[batch]), labels[batch])
            if verbose:
                bar.add(1, [("loss", float(loss))])
    guesses = [
        np.argmax(model.predict_on_batch(_scaled(images[part])), axis=1)
        for part in np.array_split(test, -(-kept // 500))
    ]
    return float(np.mean(np.concatenate(guesses) == labels[test]))


def _scaled(images: np.ndarray) -> np.ndarray:
    """Images in [-1, 1], float32."""
    return images.astype(np.float32) / 127.5 - 1.0 if images.dtype == np.uint8 else images


def _seed_model(model: keras.Model, rng: np.random.Generator) -> None:
    """Glorot's uniform weights and the dropout's state from `rng`, not the global seeds."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            state = layer.seed_generator.state
            state.assign(rng.integers(2**31, size=state.shape).astype(state.dtype))
        for weight in layer.weights:
            if weight.name == "kernel":
                fan_in, fan_out = (
                    np.prod(weight.shape[:-1]),
                    np.prod(weight.shape) / (weight.shape[-2]),
                )
                limit = np.sqrt(6.0 / (fan_in + fan_out))
                weight.assign(rng.uniform(-limit, limit, weight.shape))
            elif weight.name == "bias":
                weight.assign(np.zeros(weight.shape))
