"""Networks that turn images into the features and logits which scores are computed from."""

from keras_ot_gans.metrics.feature_networks.feature_network import (
    FeatureNetwork,
    Features,
    WeightsMissing,
)
from keras_ot_gans.metrics.feature_networks.from_keras import from_keras
from keras_ot_gans.metrics.feature_networks.inception_graph import inception_from_graph
from keras_ot_gans.metrics.feature_networks.inception_torch_weights import inception_from_torch
from keras_ot_gans.metrics.feature_networks.keras_applications import keras_applications_inception
from keras_ot_gans.metrics.feature_networks.resizing import (
    CLEAN_BICUBIC,
    TF1_BILINEAR,
    TORCH_BILINEAR,
    Resize,
)
from keras_ot_gans.metrics.feature_networks.trained_classifier import trained_classifier

__all__ = [
    "CLEAN_BICUBIC",
    "TF1_BILINEAR",
    "TORCH_BILINEAR",
    "FeatureNetwork",
    "Features",
    "Resize",
    "WeightsMissing",
    "from_keras",
    "inception_from_graph",
    "inception_from_torch",
    "keras_applications_inception",
    "trained_classifier",
]
