"""The Inception of 2015-12-05 with the weights of its PyTorch port, without PyTorch."""

import os
from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans.metrics.feature_networks.feature_network import FeatureNetwork
from keras_ot_gans.metrics.feature_networks.resizing import TORCH_BILINEAR, Resize
from keras_ot_gans.metrics.feature_networks.torch_weights import read_torch_state_dict
from keras_ot_gans.metrics.feature_networks.weight_files import published_file, sha256_of_file
from keras_ot_gans.networks.fid_inception import fid_inception
from keras_ot_gans.ops.spread import spread

TORCH_WEIGHTS_URL = (
    "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
    "pt_inception-2015-12-05-6726825d.pth"
)
# Its first eight digits are in the file's name, as PyTorch's hub has it.
TORCH_WEIGHTS_SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
# (v - centre) / scale for values v in [0, 255]; the port computes 2 (v / 255) - 1.
_SCALINGS = {"port": (127.5, 127.5), "graph": (128.0, 128.0)}


def inception_from_torch(
    path: str | os.PathLike | None = None,
    *,
    resize: Resize = TORCH_BILINEAR,
    scaling: str = "port",
) -> FeatureNetwork:
    """FID's Inception in Keras, with the weights file of the PyTorch port.

    The defaults are the protocol of `pytorch-fid`. With `resize=TF1_BILINEAR` and
    `scaling="graph"` the same weights do what the graph of 2015-12-05 does, and with
    `resize=CLEAN_BICUBIC` and `scaling="graph"` what clean-fid does.

    Args:
        path: `pt_inception-2015-12-05-6726825d.pth`; `None` fetches it (91 MiB) into the
            Keras cache at first use.
        resize: what brings images to 299 x 299.
        scaling: `"port"` maps [0, 255] to [-1, 1]; `"graph"` computes `(v - 128) / 128`.

    Returns:
        `FeatureNetwork` of 2048 features and 1008 logits; `comparable` if the file is
        the published one by its SHA-256.

    Raises:
        WeightsMissing: if the file cannot be fetched.
        ValueError: if the file is not the network's state dict, or `scaling` is unknown.

    Example:
        >>> inception_from_torch("no/such/file.pth")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ValueError: `path` must be an existing file. Received: path='no/such/file.pth'. ...

    Source: Heusel et al., "GANs Trained by a Two Time-Scale Update Rule", NeurIPS 2017,
        in the PyTorch port of their network by Maximilian Seitzer.
    Differs: none.
    """
    if scaling not in _SCALINGS:
        raise ValueError(
            f"`scaling` must be one of {sorted(_SCALINGS)}. Received: scaling={scaling!r}. "
            "The port's protocol is 'port'."
        )
    with published_file(
        path, TORCH_WEIGHTS_URL, "inception_from_torch(path)", TORCH_WEIGHTS_SHA256
    ) as file:
        weights = read_torch_state_dict(file)
        model = fid_inception()
        load_torch_weights(model, weights)
        weights_hash = sha256_of_file(file)
    centre, scale = _SCALINGS[scaling]

    @spread
    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)])
    def run(images):
        return model((images - centre) / scale, training=False)

    return FeatureNetwork(
        "inception_2015_12_05_torch_port",
        weights_hash,
        comparable=weights_hash == TORCH_WEIGHTS_SHA256,
        resize=f"{resize.name}; scaled as the {scaling}",
        feature_dim=model.outputs[0].shape[1],
        num_classes=model.outputs[1].shape[1],
        logit_bias=weights["fc.bias"].astype(np.float32),
        forward=lambda images: run(resize(images)),
    )


def load_torch_weights(model: keras.Model, weights: Mapping[str, np.ndarray]) -> None:
    """Copy a state dict of the PyTorch port into `networks.fid_inception`.

    Kernels `(out, in, height, width)` become `(height, width, in, out)`; counters of
    batches are ignored. The model is unchanged if anything does not fit.

    Args:
        model: a model of `networks.fid_inception`, whose layers bear the port's names.
        weights: arrays by their names in PyTorch, such as `Mixed_5b.branch1x1.bn.bias`.

    Raises:
        ValueError: if keys are missing, unknown or have another shape; lists all.

    Example:
        >>> load_torch_weights(fid_inception(), {})  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ValueError: `weights` must be a state dict of the FID Inception. Received: 472 missing ...

    Source: names as in torchvision's Inception v3.
    Differs: none.
    """
    targets = {
        f"{layer.name}.{name}": variable
        for layer in model.layers
        for name, variable in _variables(layer).items()
    }
    given = {k: v for k, v in weights.items() if not k.endswith(".num_batches_tracked")}
    arrays = {key: _in_keras_order(given[key]) for key in targets if key in given}
    wrong = [
        f"{key} {arrays[key].shape} for {tuple(targets[key].shape)}"
        for key in arrays
        if arrays[key].shape != tuple(targets[key].shape)
    ]
    missing = [key for key in targets if key not in given]
    unknown = [key for key in given if key not in targets]
    if missing or unknown or wrong:
        raise ValueError(
            "`weights` must be a state dict of the FID Inception. Received: "
            f"{len(missing)} missing {missing}, {len(unknown)} unknown {unknown}, "
            f"{len(wrong)} of a wrong shape (in Keras' order) {wrong}. "
            f"Take the file {TORCH_WEIGHTS_URL}."
        )
    for key, variable in targets.items():
        variable.assign(arrays[key])


def _variables(layer: keras.Layer) -> dict[str, keras.Variable]:
    """Variables of a layer by the port's names for them."""
    if isinstance(layer, keras.layers.BatchNormalization):
        return {
            "weight": layer.gamma,
            "bias": layer.beta,
            "running_mean": layer.moving_mean,
            "running_var": layer.moving_variance,
        }
    if isinstance(layer, keras.layers.Dense):
        return {"weight": layer.kernel, "bias": layer.bias}
    if isinstance(layer, keras.layers.Conv2D):
        return {"weight": layer.kernel}
    return {}


def _in_keras_order(array: np.ndarray) -> np.ndarray:
    """Kernel of a convolution or a dense layer with its outputs last."""
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T
