"""Scalars between two batches: conditional transport and Wasserstein distances."""

from keras_ot_gans.divergences.conditional_transport import (
    ConditionalTransport,
    backward_transport,
    conditional_transport,
    forward_transport,
)
from keras_ot_gans.divergences.sliced_wasserstein import SlicedWasserstein, sliced_wasserstein
from keras_ot_gans.divergences.wasserstein_1d import wasserstein_1d

__all__ = [
    "ConditionalTransport",
    "SlicedWasserstein",
    "backward_transport",
    "conditional_transport",
    "forward_transport",
    "sliced_wasserstein",
    "wasserstein_1d",
]
