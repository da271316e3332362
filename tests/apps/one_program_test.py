"""Many rounds in one program: the same steps as the model's own."""

import functools

import numpy as np
import pytest

from apps.experiments import lipschitz_modes
from apps.experiments.one_program import OneProgram
from tests.models.harness import states

X = np.random.default_rng(0).normal(size=(50, 2)).astype("float32")


@pytest.mark.slow
def test_a_start_forgets_what_came_before():
    make = functools.partial(lipschitz_modes.lipschitz_gan, lipschitz_modes.METHODS["GAN"])
    program = OneProgram(make, batch_size=8)
    results = []
    for seed in (0, 1, 0):
        program.start(seed, X)
        program.train(3)
        program.model.freeze("critic")
        critic = [v.numpy() for v in program.model.critic.weights]
        program.train(2)
        np.testing.assert_array_equal(critic[0], program.model.critic.weights[0].numpy())
        assert program.model.step == 5
        results.append([value for _, value in states(program.model)])
    for first, again in zip(results[0], results[2], strict=True):
        np.testing.assert_array_equal(first, again)
    assert any((a != b).any() for a, b in zip(results[0], results[1], strict=True))
