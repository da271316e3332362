"""A bidirectional model whose every quantity is known: data, encoder and generator linear Gaussian.

Real pairs: `x ~ N(m, s^2)`, `z = a x + b + c u`. Fake ones: `z ~ N(0, 1)`, `x = alpha z + beta +
gamma u`. Expectations are sums over a grid of standard normal noise; for Gaussian integrands the
trapezoidal rule with step 0.1 is exact to rounding, and 10 standard deviations hold all mass.
"""

import numpy as np
import tensorflow as tf

M, S = 0.7, 1.3
ENCODER = np.array([0.4, 0.3, np.log(0.8)])  # a, b, log c
GENERATOR = np.array([0.9, 0.2, np.log(1.1)])  # alpha, beta, log gamma

_AXIS = np.linspace(-10.0, 10.0, 201)
U, V = (grid.ravel() for grid in np.meshgrid(_AXIS, _AXIS))
WEIGHTS = np.exp(-(U**2 + V**2) / 2.0) / (2.0 * np.pi) * 0.1**2


def encode(x, noise, encoder):
    return encoder[0] * x + encoder[1] + tf.exp(encoder[2]) * noise


def generate(z, noise, generator):
    return generator[0] * z + generator[1] + tf.exp(generator[2]) * noise


def log_ratio(x, z, encoder=ENCODER, generator=GENERATOR):
    """`log p_e(x, z) - log p_g(x, z)`, by the two factorisations."""

    def normal(y, mean, log_std):
        return -0.5 * ((y - mean) * np.exp(-log_std)) ** 2 - log_std

    real = normal(x, M, np.log(S)) + normal(z, encoder[0] * x + encoder[1], encoder[2])
    return real - normal(z, 0.0, 0.0) - normal(x, generator[0] * z + generator[1], generator[2])


def real_moments(encoder):
    a, b, log_c = encoder
    covariance = S**2 * np.array([[1.0, a], [a, a**2]]) + np.diag([0.0, np.exp(2.0 * log_c)])
    return np.array([M, a * M + b]), covariance


def fake_moments(generator):
    alpha, beta, log_gamma = generator
    covariance = np.array([[alpha**2, alpha], [alpha, 1.0]]) + np.diag([np.exp(2 * log_gamma), 0])
    return np.array([beta, 0.0]), covariance


def _kl(p, q):
    (mean_p, cov_p), (mean_q, cov_q) = p, q
    inverse, shift = np.linalg.inv(cov_q), mean_q - mean_p
    logs = np.linalg.slogdet(cov_q)[1] - np.linalg.slogdet(cov_p)[1]
    return 0.5 * (np.trace(inverse @ cov_p) + shift @ inverse @ shift - 2.0 + logs)


def kl(encoder=ENCODER, generator=GENERATOR):
    return _kl(real_moments(encoder), fake_moments(generator))


def reverse_kl(encoder=ENCODER, generator=GENERATOR):
    return _kl(fake_moments(generator), real_moments(encoder))


def squared_hellinger(encoder=ENCODER, generator=GENERATOR):
    (mean_p, cov_p), (mean_q, cov_q) = real_moments(encoder), fake_moments(generator)
    middle, shift = (cov_p + cov_q) / 2.0, mean_p - mean_q
    det = np.linalg.det
    overlap = (det(cov_p) * det(cov_q)) ** 0.25 / det(middle) ** 0.5
    return 2.0 - 2.0 * overlap * np.exp(-shift @ np.linalg.inv(middle) @ shift / 8.0)


def jensen_shannon(encoder=ENCODER, generator=GENERATOR):
    """`KL(p, (p + q) / 2) + KL(q, (p + q) / 2)` on a grid of the plane."""
    points = np.stack(np.meshgrid(_AXIS * 1.2, _AXIS * 1.2), -1).reshape(-1, 2)

    def log_density(mean, covariance):
        shift = points - mean
        squares = np.einsum("ni,ij,nj->n", shift, np.linalg.inv(covariance), shift)
        return -0.5 * (squares + np.linalg.slogdet(covariance)[1]) - np.log(2.0 * np.pi)

    log_p = log_density(*real_moments(encoder))
    log_q = log_density(*fake_moments(generator))
    log_middle = np.logaddexp(log_p, log_q) - np.log(2.0)
    integrand = np.exp(log_p) * (log_p - log_middle) + np.exp(log_q) * (log_q - log_middle)
    return integrand.sum() * 0.12**2


DIVERGENCES = {
    "kl": kl,
    "reverse_kl": reverse_kl,
    "jensen_shannon": jensen_shannon,
    "squared_hellinger": squared_hellinger,
}


def pathwise_gradients(encoder_loss, generator_loss, to_score):
    """Gradients of theorem 1: through `E(x)` or `G(z)` only, the log-ratio held as a function.

    The losses are means over a batch; their slopes at each score are weighed by the grid.
    """
    found = []
    for side, loss, start in (("e", encoder_loss, ENCODER), ("g", generator_loss, GENERATOR)):
        parameters = tf.constant(start)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(parameters)
            if side == "e":
                x = M + S * U
                score = to_score(log_ratio(x, encode(x, V, parameters)))
            else:
                score = to_score(log_ratio(generate(U, V, parameters), U))
            score = tf.reshape(score, (-1, 1))
            value = loss(score)
        slopes = tape.gradient(value, score) * len(U) * WEIGHTS[:, None]
        found.append(tape.gradient(score, parameters, output_gradients=slopes).numpy())
    return found
