"""Cards, a small feature network and images for the tests of scores."""

import numpy as np

from keras_ot_gans.metrics import FeatureNetwork, ProtocolCard

FIELDS = {
    "feature_network": "toy",
    "weights_hash": "ab" * 32,
    "resize": "none",
    "quantise": "uint8",
    "image_size": (32, 32),
    "channels": 3,
    "real": "cifar10",
    "split": "train",
    "data_hash": "cd" * 32,
    "n_real": 50_000,
    "n_fake": 10_000,
    "splits": 10,
    "softmax_bias": True,
    "covariance_ddof": 1,
    "kid_subsets": 100,
    "kid_subset_size": 1000,
    "neighbours": 3,
    "max_stored": 10_000,
    "generator_weights": "ema",
    "sampler": "prior",
    "seed": 0,
}


def card(**changes):
    return ProtocolCard(**{**FIELDS, **changes})


def linear_network(dim=6, classes=4, shape=(4, 4, 1), name="toy", seed=0):
    """Random linear features of the pixels, and logits of them with a bias."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(int(np.prod(shape)), dim)) / 255
    last, bias = rng.normal(size=(dim, classes)), rng.normal(size=classes)

    def forward(images):
        features = images.reshape(len(images), -1) @ weights
        return features, features @ last + bias

    return FeatureNetwork(
        name, "12" * 32, False, "none", dim, classes, bias, channels=shape[2], forward=forward
    )


def uint8_images(n=60, shape=(4, 4, 1), seed=0, low=0):
    return np.random.default_rng(seed).integers(low, 256, (n, *shape)).astype(np.uint8)
