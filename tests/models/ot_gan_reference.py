"""A small OT-GAN, and Algorithm 1 in NumPy: plans by POT, derivatives by finite differences.

Both networks are `dense, tanh, dense`; all is float64. The only thing taken from the library is the
stream of latents.
"""

import keras
import numpy as np
import ot

from keras_ot_gans import models, ops
from keras_ot_gans.divergences import EntropicMatching
from tests import oracles

# One size of batch, 16, and one setting of the solver: each is a program to compile.
EPSILON = 0.5
TIGHT = EntropicMatching(EPSILON, tolerance=2e-6)


def net(inputs, outputs, name):
    layers = [keras.layers.Dense(6, "tanh"), keras.layers.Dense(outputs)]
    return keras.Sequential([keras.Input((inputs,)), *layers], name=name)


def ot_gan(rates=None, **kwargs):
    """A small model with plain gradient descent, run eagerly: the same weights at each call."""
    keras.utils.set_random_seed(0)
    keywords = {"matching": TIGHT, "seed": 3, **kwargs}
    keywords.setdefault("critic", net(2, 4, "critic"))
    model = models.OTGAN(keywords.pop("generator", None) or net(3, 2, "generator"), **keywords)
    rates = rates or {}
    optimizers = {role: keras.optimizers.SGD(rates.get(role, 0.1)) for role in model.networks}
    model.compile(optimizers, run_eagerly=True)
    return model


def forward(weights, x):
    a, b, c, d = weights
    return np.tanh(x @ a + b) @ c + d


def cosine(x, y):
    norms = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)
    return 1.0 - x @ y.T / norms


def plan_of(cost, epsilon):
    """POT's plan, `(K, K)`, of mass 1."""
    return ot.sinkhorn(
        [], [], cost, epsilon, method="sinkhorn_log", stopThr=1e-12, numItermax=10**5
    )


class OTGANReference:
    """Weights of both players, and the updates of a round."""

    def __init__(self, model, epsilon, rates):
        self.weights = {
            "critic": [w.astype("float64") for w in model.critic.get_weights()],
            "generator": [w.astype("float64") for w in model.generator.get_weights()],
        }
        self.stream, self.epsilon, self.rates = (
            keras.random.SeedGenerator(model.seed),
            epsilon,
            rates,
        )
        self.values = []

    def pairs(self, critic, generator, real, z):
        """Costs between the halves X, X' of the data and Y, Y' of the samples."""
        features = (forward(critic, x) for x in (real, forward(generator, z)))
        (x, x2), (y, y2) = (np.split(f, 2) for f in features)
        return [cosine(*p) for p in ((x, y), (x, y2), (x2, y), (x2, y2), (x, x2), (y, y2))]

    def update(self, role, real):
        """Line 2 draws, line 3 is L, lines 5 and 7 the steps; L / 2 is the squared distance."""
        z = ops.Normal().sample((len(real), 3), self.stream).numpy().astype("float64")
        costs = self.pairs(*self.both(), real, z)
        plans = [plan_of(cost, self.epsilon) for cost in costs]

        def distance(costs):
            terms = [np.sum(m * c) for m, c in zip(plans, costs, strict=True)]
            return (sum(terms[:4]) - 2 * terms[4] - 2 * terms[5]) / 2

        self.values.append(distance(costs))
        slopes = []
        for k, w in enumerate(self.weights[role]):

            def at(value, k=k):
                moved = list(self.weights[role])
                moved[k] = value
                return distance(self.pairs(*self.both(**{role: moved}), real, z))

            slopes.append(oracles.finite_differences(at, w, 1e-5))
        sign = 1.0 if role == "critic" else -1.0
        self.weights[role] = [
            w + sign * self.rates[role] * g for w, g in zip(self.weights[role], slopes, strict=True)
        ]

    def both(self, critic=None, generator=None):
        return critic or self.weights["critic"], generator or self.weights["generator"]
