"""Better samples from any trained generator and critic, without training either again."""

from keras_ot_gans.samplers.calibration import Calibration, calibrate, calibration_z
from keras_ot_gans.samplers.critic_scores import critic_scores
from keras_ot_gans.samplers.dot import DOTSampler
from keras_ot_gans.samplers.langevin import LangevinSampler
from keras_ot_gans.samplers.lipschitz import pair_lipschitz
from keras_ot_gans.samplers.metropolis_hastings import MetropolisHastingsSampler
from keras_ot_gans.samplers.pair import Pair
from keras_ot_gans.samplers.plain import PlainSampler
from keras_ot_gans.samplers.rejection import BurnIn, RejectionSampler
from keras_ot_gans.samplers.sampler import Sampler
from keras_ot_gans.samplers.top_k import TopKSampler
from keras_ot_gans.samplers.transport import Transport
from keras_ot_gans.samplers.truncation import TruncationSampler
from keras_ot_gans.samplers.tuning import Trial, Tuning, tune

__all__ = [
    "BurnIn",
    "Calibration",
    "DOTSampler",
    "LangevinSampler",
    "MetropolisHastingsSampler",
    "Pair",
    "PlainSampler",
    "RejectionSampler",
    "Sampler",
    "TopKSampler",
    "Transport",
    "Trial",
    "TruncationSampler",
    "Tuning",
    "calibrate",
    "calibration_z",
    "critic_scores",
    "pair_lipschitz",
    "tune",
]
