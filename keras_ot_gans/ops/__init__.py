"""Pure functions of tensors: costs, plans, priors, random numbers, slopes, numerics."""

from keras_ot_gans.ops import random
from keras_ot_gans.ops.costs import cosine, euclidean, squared_differences, squared_euclidean
from keras_ot_gans.ops.input_gradients import blend, input_gradients, slopes, squared_slopes
from keras_ot_gans.ops.labels import Labels, check_labels, class_rows, one_hot
from keras_ot_gans.ops.lipschitz import effective_lipschitz
from keras_ot_gans.ops.numerics import as_float32, safe_norm, safe_sqrt, unit_vectors
from keras_ot_gans.ops.plan_products import PlanProducts, apply_plan
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
from keras_ot_gans.ops.side_vectors import SideVectors
from keras_ot_gans.ops.sinkhorn import Potentials, sinkhorn, transport_plan
from keras_ot_gans.ops.sinkhorn_blocked import sinkhorn_blocked

__all__ = [
    "ConditionalPlans",
    "Labels",
    "Normal",
    "PlanProducts",
    "Potentials",
    "SideVectors",
    "Uniform",
    "apply_plan",
    "as_float32",
    "backward_plan",
    "blend",
    "check_labels",
    "check_one_of",
    "check_rank",
    "check_same_last_dim",
    "check_same_shape",
    "class_rows",
    "conditional_plans",
    "cosine",
    "effective_lipschitz",
    "euclidean",
    "forward_plan",
    "input_gradients",
    "one_hot",
    "random",
    "safe_norm",
    "safe_sqrt",
    "sinkhorn",
    "sinkhorn_blocked",
    "slopes",
    "squared_differences",
    "squared_euclidean",
    "squared_slopes",
    "transport_plan",
    "unit_vectors",
]
