"""Pure functions of tensors: costs, conditional plans, priors, random numbers, safe numerics."""

from keras_ot_gans.ops import random
from keras_ot_gans.ops.costs import cosine, euclidean, squared_differences, squared_euclidean
from keras_ot_gans.ops.numerics import as_float32, safe_norm, safe_sqrt, unit_vectors
from keras_ot_gans.ops.plans import (
    ConditionalPlans,
    backward_plan,
    conditional_plans,
    forward_plan,
)
from keras_ot_gans.ops.priors import Normal, Uniform
from keras_ot_gans.ops.shapes import (
    check_one_of,
    check_rank,
    check_same_last_dim,
    check_same_shape,
)

__all__ = [
    "ConditionalPlans",
    "Normal",
    "Uniform",
    "as_float32",
    "backward_plan",
    "check_one_of",
    "check_rank",
    "check_same_last_dim",
    "check_same_shape",
    "conditional_plans",
    "cosine",
    "euclidean",
    "forward_plan",
    "random",
    "safe_norm",
    "safe_sqrt",
    "squared_differences",
    "squared_euclidean",
    "unit_vectors",
]
