"""Numbers that judge samples: functions of `(real, fake)` arrays, in float64.

They know neither models nor samplers. `EarthMover`, `SortedW2` and `ModeCoverage` are
the same metrics as values, for `callbacks.EvaluateGenerator`; `ImageScores` computes the
scores of images, each with the card of its protocol.
"""

from keras_ot_gans.metrics.annealed_importance import (
    LogLikelihood,
    annealed_log_likelihood,
)
from keras_ot_gans.metrics.conditional import (
    ClassMoments,
    IntraClassFrechet,
    conditional_accuracy,
    conditional_hits,
    intra_class_frechet,
)
from keras_ot_gans.metrics.data_hash import DataHash, data_hash
from keras_ot_gans.metrics.decoder_density import decoder_log_density
from keras_ot_gans.metrics.earth_mover import (
    EarthMoverDistance,
    EarthMoverDistanceWithFloor,
    earth_mover,
    earth_mover_with_floor,
)
from keras_ot_gans.metrics.evaluators import EarthMover, ModeCoverage, SortedW2
from keras_ot_gans.metrics.feature_networks import (
    FeatureNetwork,
    Features,
    WeightsMissing,
    from_keras,
    inception_from_graph,
    inception_from_torch,
    keras_applications_inception,
    trained_classifier,
)
from keras_ot_gans.metrics.frechet import (
    TooFewSamples,
    frechet_distance,
    frechet_from_moments,
    matrix_root,
)
from keras_ot_gans.metrics.grouped_frechet import GroupedFrechet, grouped_frechet
from keras_ot_gans.metrics.grouped_moments import GroupedMoments
from keras_ot_gans.metrics.image_scores import ImageScores
from keras_ot_gans.metrics.inception_score import (
    InceptionScore,
    InceptionScoreResult,
    class_probabilities,
    inception_score,
)
from keras_ot_gans.metrics.intervals import (
    FrechetInfinity,
    Interval,
    bootstrap_interval,
    frechet_infinity,
    jackknife_interval,
    mean_interval,
)
from keras_ot_gans.metrics.kernel_distance import (
    KernelDistance,
    kernel_distance,
    kernel_distance_without,
)
from keras_ot_gans.metrics.latent import (
    AggregatePosterior,
    NearestLatents,
    aggregate_posterior,
    nearest_latents,
)
from keras_ot_gans.metrics.manifold import (
    ManifoldMembership,
    PrecisionRecall,
    manifold_membership,
    precision_recall,
)
from keras_ot_gans.metrics.mode_coverage import ModeCoverageResult, mode_coverage
from keras_ot_gans.metrics.mode_histogram import (
    ModeHistogramScores,
    mode_histogram_scores,
    reconstruction_accuracy,
)
from keras_ot_gans.metrics.mode_labels import mixture_labels, stacked_digit_labels
from keras_ot_gans.metrics.moments import Moments
from keras_ot_gans.metrics.presets import PRESETS, Protocol
from keras_ot_gans.metrics.protocol import ProtocolCard, check_comparable
from keras_ot_gans.metrics.quantise import to_pixels
from keras_ot_gans.metrics.reference_statistics import ReferenceStatistics
from keras_ot_gans.metrics.score import Score, Scores
from keras_ot_gans.metrics.sorted_w2 import sorted_w2
from keras_ot_gans.metrics.statistics_cache import StatisticsCache, default_cache_dir

__all__ = [
    "PRESETS",
    "AggregatePosterior",
    "ClassMoments",
    "DataHash",
    "EarthMover",
    "EarthMoverDistance",
    "EarthMoverDistanceWithFloor",
    "FeatureNetwork",
    "Features",
    "FrechetInfinity",
    "GroupedFrechet",
    "GroupedMoments",
    "ImageScores",
    "InceptionScore",
    "InceptionScoreResult",
    "Interval",
    "IntraClassFrechet",
    "KernelDistance",
    "LogLikelihood",
    "ManifoldMembership",
    "ModeCoverage",
    "ModeCoverageResult",
    "ModeHistogramScores",
    "Moments",
    "NearestLatents",
    "PrecisionRecall",
    "Protocol",
    "ProtocolCard",
    "ReferenceStatistics",
    "Score",
    "Scores",
    "SortedW2",
    "StatisticsCache",
    "TooFewSamples",
    "WeightsMissing",
    "aggregate_posterior",
    "annealed_log_likelihood",
    "bootstrap_interval",
    "check_comparable",
    "class_probabilities",
    "conditional_accuracy",
    "conditional_hits",
    "data_hash",
    "decoder_log_density",
    "default_cache_dir",
    "earth_mover",
    "earth_mover_with_floor",
    "frechet_distance",
    "frechet_from_moments",
    "frechet_infinity",
    "from_keras",
    "grouped_frechet",
    "inception_from_graph",
    "inception_from_torch",
    "inception_score",
    "intra_class_frechet",
    "jackknife_interval",
    "keras_applications_inception",
    "kernel_distance",
    "kernel_distance_without",
    "manifold_membership",
    "matrix_root",
    "mean_interval",
    "mixture_labels",
    "mode_coverage",
    "mode_histogram_scores",
    "nearest_latents",
    "precision_recall",
    "reconstruction_accuracy",
    "sorted_w2",
    "stacked_digit_labels",
    "to_pixels",
    "trained_classifier",
]
