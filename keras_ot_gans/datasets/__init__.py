"""Toy densities, arrays and files of them, image sets and folders of images, ready for `fit`.

Points are float32 `(n, d)`; images come out float32 in [-1, 1], NHWC, in batches of one
size, in an order that depends on nothing but (seed, epoch).
"""

from keras_ot_gans.datasets.arrays import from_array, to_unit_range
from keras_ot_gans.datasets.epoch_shuffle import EpochShuffle
from keras_ot_gans.datasets.folders import from_folder
from keras_ot_gans.datasets.image_sets import IMAGE_SETS, ImageSet
from keras_ot_gans.datasets.images import load_image_set
from keras_ot_gans.datasets.imbalanced_grid import (
    LabelledMixture,
    imbalanced_grid,
    imbalanced_grid_counts,
    imbalanced_grid_mixture,
)
from keras_ot_gans.datasets.mixtures import GaussianMixture
from keras_ot_gans.datasets.npz import from_npz
from keras_ot_gans.datasets.outliers import outlier_mixtures, outlier_sets
from keras_ot_gans.datasets.pixels import crop_image, prepare_image, resize_image
from keras_ot_gans.datasets.rounds import in_rounds
from keras_ot_gans.datasets.stacked_mnist import (
    StackedMNIST,
    load_stacked_mnist,
    stacked_mnist,
)
from keras_ot_gans.datasets.streams import from_stream
from keras_ot_gans.datasets.toy import (
    LOWER_LEFT,
    eight_gaussians,
    eight_gaussians_centres,
    eight_gaussians_distribution,
    eight_gaussians_mixture,
    imbalanced_weights,
    twenty_five_gaussians,
    twenty_five_gaussians_centres,
    twenty_five_gaussians_distribution,
    twenty_five_gaussians_mixture,
)
from keras_ot_gans.datasets.toy_1d import (
    bimodal_1d,
    bimodal_1d_distribution,
    bimodal_1d_mixture,
)
from keras_ot_gans.datasets.toy_curves import half_moons, swiss_roll

__all__ = [
    "IMAGE_SETS",
    "LOWER_LEFT",
    "EpochShuffle",
    "GaussianMixture",
    "ImageSet",
    "LabelledMixture",
    "StackedMNIST",
    "bimodal_1d",
    "bimodal_1d_distribution",
    "bimodal_1d_mixture",
    "crop_image",
    "eight_gaussians",
    "eight_gaussians_centres",
    "eight_gaussians_distribution",
    "eight_gaussians_mixture",
    "from_array",
    "from_folder",
    "from_npz",
    "from_stream",
    "half_moons",
    "imbalanced_grid",
    "imbalanced_grid_counts",
    "imbalanced_grid_mixture",
    "imbalanced_weights",
    "in_rounds",
    "load_image_set",
    "load_stacked_mnist",
    "outlier_mixtures",
    "outlier_sets",
    "prepare_image",
    "resize_image",
    "stacked_mnist",
    "swiss_roll",
    "to_unit_range",
    "twenty_five_gaussians",
    "twenty_five_gaussians_centres",
    "twenty_five_gaussians_distribution",
    "twenty_five_gaussians_mixture",
]
