"""Scalars between two batches: transport and energy distances, f-divergences, Gaussians."""

from keras_ot_gans.divergences import bidirectional, f_divergence
from keras_ot_gans.divergences.conditional_transport import (
    ConditionalTransport,
    backward_transport,
    conditional_transport,
    forward_transport,
)
from keras_ot_gans.divergences.entropic_transport import (
    EntropicTransport,
    entropic_transport,
    sinkhorn_divergence,
)
from keras_ot_gans.divergences.f_divergence import FDivergence, check_f_divergence, scalings
from keras_ot_gans.divergences.gaussian import (
    cycle_consistency,
    gaussian_kl_to_prior,
    gaussian_log_density,
    gaussian_sample,
    negative_elbo,
)
from keras_ot_gans.divergences.matching import (
    EntropicMatching,
    Matching,
    random_matching,
    uniform_matching,
)
from keras_ot_gans.divergences.minibatch_energy import (
    MinibatchEnergy,
    minibatch_energy_distance,
    single_batch_energy_distance,
)
from keras_ot_gans.divergences.sliced_wasserstein import SlicedWasserstein, sliced_wasserstein
from keras_ot_gans.divergences.wasserstein_1d import wasserstein_1d

__all__ = [
    "ConditionalTransport",
    "EntropicMatching",
    "EntropicTransport",
    "FDivergence",
    "Matching",
    "MinibatchEnergy",
    "SlicedWasserstein",
    "backward_transport",
    "bidirectional",
    "check_f_divergence",
    "conditional_transport",
    "cycle_consistency",
    "entropic_transport",
    "f_divergence",
    "forward_transport",
    "gaussian_kl_to_prior",
    "gaussian_log_density",
    "gaussian_sample",
    "minibatch_energy_distance",
    "negative_elbo",
    "random_matching",
    "scalings",
    "single_batch_energy_distance",
    "sinkhorn_divergence",
    "sliced_wasserstein",
    "uniform_matching",
    "wasserstein_1d",
]
