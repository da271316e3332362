"""Optimizers that Keras does not have."""

from keras_ot_gans.optimizers.fused_adam import FusedAdam

__all__ = ["FusedAdam"]
