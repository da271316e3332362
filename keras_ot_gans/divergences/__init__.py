"""Scalars between two batches: conditional transport, Wasserstein and energy distances."""

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
    "Matching",
    "MinibatchEnergy",
    "SlicedWasserstein",
    "backward_transport",
    "conditional_transport",
    "entropic_transport",
    "forward_transport",
    "minibatch_energy_distance",
    "random_matching",
    "single_batch_energy_distance",
    "sinkhorn_divergence",
    "sliced_wasserstein",
    "uniform_matching",
    "wasserstein_1d",
]
