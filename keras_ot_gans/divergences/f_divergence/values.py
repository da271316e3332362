"""Five f-divergences, each of a few formulas.

The comment above each says what a raw score of f-GAN estimates, where `a_f(v) = f'(r)`.

Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial Gradient
    Estimation", 2020, Table 1; activations and conjugates: Nowozin, Cseke and Tomioka, "f-GAN",
    NeurIPS 2016, Table 2.
"""

import math

from keras import ops

from keras_ot_gans.divergences.f_divergence.record import ALL_DIVERGENCES, KNOWN, FDivergence

# The integral of `p_e log(p_e / p_g)`. Score: 1 + log r.
kl = FDivergence(
    "kl",
    f=lambda r: r * ops.log(r),
    f_prime=lambda r: 1.0 + ops.log(r),
    f_second=lambda r: 1.0 / r,
    conjugate=lambda t: ops.exp(t - 1.0),
    activation=lambda v: v,
    log_f_second=lambda log_r: -log_r,
    activated_conjugate=lambda v: ops.exp(v - 1.0),
)

# The integral of `p_g log(p_g / p_e)`. Score: log r.
reverse_kl = FDivergence(
    "reverse_kl",
    f=lambda r: -ops.log(r),
    f_prime=lambda r: -1.0 / r,
    f_second=lambda r: 1.0 / ops.square(r),
    conjugate=lambda t: -1.0 - ops.log(-t),
    activation=lambda v: -ops.exp(-v),
    log_f_second=lambda log_r: -2.0 * log_r,
    activated_conjugate=lambda v: v - 1.0,
)

# Twice the Jensen-Shannon divergence, in [0, 2 log 2]. Score: log r.
jensen_shannon = FDivergence(
    "jensen_shannon",
    f=lambda r: r * ops.log(r) - (r + 1.0) * ops.log((1.0 + r) / 2.0),
    f_prime=lambda r: ops.log(r) - ops.log((1.0 + r) / 2.0),
    f_second=lambda r: 1.0 / (r * (1.0 + r)),
    conjugate=lambda t: -ops.log(2.0 - ops.exp(t)),
    activation=lambda v: math.log(2.0) - ops.softplus(-v),
    log_f_second=lambda log_r: -log_r - ops.softplus(log_r),
    activated_conjugate=lambda v: ops.softplus(v) - math.log(2.0),
)

# `2 - 2 E_{p_g} sqrt(r)`, in [0, 2]. Score: half of log r.
squared_hellinger = FDivergence(
    "squared_hellinger",
    f=lambda r: ops.square(ops.sqrt(r) - 1.0),
    f_prime=lambda r: 1.0 - 1.0 / ops.sqrt(r),
    f_second=lambda r: 0.5 / (r * ops.sqrt(r)),
    conjugate=lambda t: t / (1.0 - t),
    activation=lambda v: 1.0 - ops.exp(-v),
    log_f_second=lambda log_r: -math.log(2.0) - 1.5 * log_r,
    activated_conjugate=lambda v: ops.exp(v) - 1.0,
)

# No f has both scalings 1 (AGE-ALL): the encoder's gradient is that of `kl`, the generator's that
# of `reverse_kl`, and near `r = 1` both are proportional to those of every f.
all_divergences = FDivergence(ALL_DIVERGENCES)

for _value in (kl, reverse_kl, jensen_shannon, squared_hellinger, all_divergences):
    KNOWN[_value.name] = _value
