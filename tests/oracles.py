"""Problems with known answers, and the independent ways to get them."""

from collections.abc import Callable

import numpy as np


def sigmoid(a: float) -> float:
    return 1.0 / (1.0 + np.exp(-a))


def relative(tolerance: float, scale: np.ndarray | float) -> dict:
    """Keywords of `assert_allclose` for an error of `tolerance` times the largest of `scale`."""
    return {"rtol": 0.0, "atol": tolerance * float(np.max(np.abs(scale)))}


def finite_differences(function: Callable, x: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Central differences of a scalar function, in float64: error about step^2 + 1e-16 / step."""
    x = np.array(x, "float64")
    slopes = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += step
        down[index] -= step
        slopes[index] = (float(function(up)) - float(function(down))) / (2.0 * step)
    return slopes


def gradient(function: Callable, *arguments: np.ndarray) -> list[np.ndarray]:
    """Gradients of a scalar function of tensors, in the dtype of its arguments."""
    import tensorflow as tf

    tensors = [tf.convert_to_tensor(a) for a in arguments]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = function(*tensors)
    slopes = tape.gradient(value, tensors, unconnected_gradients="zero")
    return [slope.numpy() for slope in slopes]


def softmax(logits: np.ndarray, axis: int) -> np.ndarray:
    logits = np.asarray(logits, "float64")
    mass = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return mass / mass.sum(axis=axis, keepdims=True)


def transport(cost: np.ndarray, distance: np.ndarray) -> tuple[float, float]:
    """Forward and backward conditional transport by two plain loops (eqs. 7 to 10)."""
    cost, distance = np.asarray(cost, "float64"), np.asarray(distance, "float64")
    n, m = cost.shape
    forward = sum(softmax(-distance[i], 0) @ cost[i] for i in range(n)) / n
    backward = sum(softmax(-distance[:, j], 0) @ cost[:, j] for j in range(m)) / m
    return float(forward), float(backward)


class UnivariateNormals:
    """Eq. 17: N(0, 1) against N(0, e^theta), cost (x - y)^2, distance (x - y)^2 / (2 e^phi).

    Conjugacy gives both navigators as normals, so both costs in closed form (appendix B.1).
    """

    def __init__(self, theta: float, phi: float):
        self.theta, self.phi = theta, phi

    def draw(self, n: int, m: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        x, y = rng.normal(size=(n, 1)), rng.normal(size=(m, 1)) * np.exp(self.theta / 2)
        return x, y

    def distance(self, cost: np.ndarray) -> np.ndarray:
        return cost / (2.0 * np.exp(self.phi))

    @property
    def forward(self) -> float:
        s = sigmoid(self.phi - self.theta)
        return s * (np.exp(self.theta) + s)

    @property
    def backward(self) -> float:
        s = sigmoid(self.phi)
        return s * (1.0 + s * np.exp(self.theta))
