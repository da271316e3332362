"""Rounds of `LipschitzGAN` in NumPy, float64, for networks of known formulas.

`G(z) = [z, F_y] A + a` and `f(x) = (([x, E_y] W + b)^2) w + c`. Input slopes are the formula's,
weight gradients are central differences of the loss; the noise is drawn from the model's stream.
"""

from collections import defaultdict

import keras
import numpy as np

from keras_ot_gans import ops
from keras_ot_gans.ops import random
from tests import oracles

RATE = 0.02

# (phi, varphi) as the papers write them.
FAMILY = {
    "linear": (lambda x: x, lambda x: -x),
    "hinge": (lambda x: np.maximum(0, 1 + x), lambda x: np.maximum(0, 1 - x)),
    "logistic": (lambda x: np.log1p(np.exp(x)), lambda x: np.log1p(np.exp(-x))),
    "exponential": (np.exp, lambda x: np.exp(-x)),
    "square_root": (lambda x: x + np.hypot(x, 1), lambda x: -x + np.hypot(x, 1)),
}


def networks_of(latent_dim, width, labels):
    """A linear generator and a quadratic critic, conditional if there are `labels`."""

    def build(inputs, name, *layers):
        y = None if labels is None else keras.Input((), dtype="int32")
        h = inputs
        if y is not None:
            rows = keras.layers.Embedding(labels.num_classes, 2)(y)
            h = keras.layers.Concatenate()([h, rows])
        for layer in layers:
            h = layer(h)
        return keras.Model(inputs if y is None else [inputs, y], h, name=name)

    square = keras.layers.Dense(3, keras.ops.square, bias_initializer="random_normal")
    return (
        build(keras.Input((latent_dim,)), "generator", keras.layers.Dense(width)),
        build(keras.Input((width,)), "critic", square, keras.layers.Dense(1)),
    )


def phi_pair(phi):
    if hasattr(phi, "fake_target"):
        return (lambda x: (x - phi.fake_target) ** 2), (lambda x: (x - phi.real_target) ** 2)
    return FAMILY[phi.__name__]


class Reference:
    """Plays the rounds of a model, starting from its present state."""

    def __init__(self, model, ema_decay=None):
        self.weights = {
            role: [v.numpy().astype("float64") for v in model.variables_of(role)]
            for role in ("generator", "critic")
        }
        self.phi, self.varphi = phi_pair(model.phi)
        self.psi = model.generator_loss.__name__
        self.penalty, self.labels = model.penalty, model.labels
        self.stream = keras.random.SeedGenerator(0)
        self.stream.state.assign(model.seed_generator.state)
        self.ema_decay, self.average = ema_decay, self.weights["generator"]
        self.kept, self.logged = None, defaultdict(list)
        self.size = round(model.penalty.buffer_fraction * model.batch_size) if self.penalty else 0

    # The networks ---

    def inputs(self, weights, x, y):
        """`[x, rows of y]`, and the weights without the rows' table."""
        if self.labels is None:
            return x, weights
        return np.concatenate([x, weights[0][y]], axis=1), weights[1:]

    def generate(self, weights, z, y):
        h, (a, bias) = self.inputs(weights, z, y)
        return h @ a + bias

    def judge(self, weights, x, y):
        h, (w, b, out, c) = self.inputs(weights, x, y)
        return np.square(h @ w + b) @ out + c

    def slopes(self, weights, x, y):
        h, (w, b, out, _) = self.inputs(weights, x, y)
        gradients = 2 * ((h @ w + b) * out.T) @ w[: x.shape[1]].T
        return np.sqrt(np.sum(gradients**2, axis=1))

    # The objectives ---

    def pay(self, slopes):
        excess = slopes.max(keepdims=True) if self.penalty.reduction == "max" else slopes
        excess = excess - self.penalty.target
        if self.penalty.form.__name__ == "one_sided":
            excess = np.maximum(excess, 0)
        return self.penalty.weight * np.mean(excess**2)

    def adversarial(self, weights, real, fake, y):
        on_fake, on_real = (self.judge(weights, x, y) for x in (fake, real))
        return np.mean(self.phi(on_fake)) + np.mean(self.varphi(on_real))

    def generator_objective(self, weights, z, y):
        logits = self.judge(self.weights["critic"], self.generate(weights, z, y), y)
        terms = {
            "linear_generator_loss": lambda x: -x,
            "non_saturating_generator_loss": self.varphi,
            "minimax_generator_loss": lambda x: -self.phi(x),
        }
        return np.mean(terms[self.psi](logits))

    # The game ---

    def descend(self, role, loss):
        gradients = []
        for k, w in enumerate(self.weights[role]):

            def at(value, k=k):
                return loss([value if i == k else v for i, v in enumerate(self.weights[role])])

            gradients.append(oracles.finite_differences(at, w, 1e-5))
        pairs = zip(self.weights[role], gradients, strict=True)
        self.weights[role] = [w - RATE * g for w, g in pairs]

    def draw(self, rows):
        return ops.Normal().sample((rows, 3), self.stream).numpy().astype("float64")

    def places(self, real, fake, y, training):
        where = {"real": real, "fake": fake}.get(self.penalty.where)
        if where is not None:
            return where, y
        u = random.uniform((len(real),), self.stream).numpy().astype("float64")[:, None]
        points = u * real + (1 - u) * fake
        if not training or self.kept is None or not self.size:
            return points, y
        fresh = len(points) - self.size
        rows = [j * len(points) // fresh for j in range(fresh)]
        points = np.concatenate([self.kept[0], points[rows]])
        return points, None if y is None else np.concatenate([self.kept[1], y[rows]])

    def critic_step(self, real, y):
        fake = self.generate(self.weights["generator"], self.draw(len(real)), y)
        points = y_points = None
        if self.penalty is not None:
            points, y_points = self.places(real, fake, y, training=True)

        def loss(weights):
            total = self.adversarial(weights, real, fake, y)
            if points is not None:
                total += self.pay(self.slopes(weights, points, y_points))
            return total

        before = self.weights["critic"]
        self.log_critic(before, real, fake, y, points, y_points)
        self.descend("critic", loss)
        if self.size:
            # The slopes of the step, not those after it, order the points.
            steepest = np.argsort(-self.slopes(before, points, y_points))[: self.size]
            self.kept = points[steepest], None if y is None else y_points[steepest]

    def log_critic(self, weights, real, fake, y, points, y_points):
        self.logged["critic_loss"].append(self.adversarial(weights, real, fake, y))
        if points is not None:
            slopes = self.slopes(weights, points, y_points)
            self.logged["penalty"].append(self.pay(slopes))
            self.logged["largest_slope"].append(slopes.max())

    def generator_step(self, rows):
        z = self.draw(rows)
        y = None if self.labels is None else self.labels.sample((rows,), self.stream).numpy()
        loss = self.generator_objective(self.weights["generator"], z, y)
        self.logged["generator_loss"].append(loss)
        self.descend("generator", lambda weights: self.generator_objective(weights, z, y))
        if self.ema_decay is not None:
            pairs = zip(self.average, self.weights["generator"], strict=True)
            self.average = [self.ema_decay * a + (1 - self.ema_decay) * w for a, w in pairs]

    def round(self, x, y=None, *, generator_rows, generator_steps=1):
        """A critic step on each `x[:, k]`, `y[:, k]`, then the generator's."""
        for k in range(x.shape[1]):
            self.critic_step(x[:, k].astype("float64"), None if y is None else y[:, k])
        for _ in range(generator_steps):
            self.generator_step(generator_rows)

    def evaluate(self, real, y):
        """One batch in inference mode: latents and blends only, both halves on the same fakes."""
        z = self.draw(len(real))
        fake = self.generate(self.weights["generator"], z, y)
        points, y_points = self.places(real.astype("float64"), fake, y, training=False)
        self.log_critic(self.weights["critic"], real, fake, y, points, y_points)
        loss = self.generator_objective(self.weights["generator"], z, y)
        self.logged["generator_loss"].append(loss)

    def means(self):
        return {name: np.mean(values) for name, values in self.logged.items()}
