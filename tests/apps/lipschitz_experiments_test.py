"""The Lipschitz experiments: scores of hand-made gradients, and the laboratory's training."""

import doctest
import itertools

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from scipy.spatial.distance import cosine

from apps import reproduce
from apps.experiments import (
    lipschitz_gradients,
    lipschitz_images,
    lipschitz_modes,
    lipschitz_offset,
    lipschitz_scores,
    lipschitz_surfaces,
    lipschitz_toys,
    record,
)
from keras_ot_gans.losses import penalties

REAL = np.array([[2.0, 0.0], [0.0, 3.0]])
FAKE = np.array([[0.0, 0.0], [2.0, 3.0]])


@pytest.mark.parametrize("module", [lipschitz_scores, lipschitz_offset])
def test_examples(module):
    result = doctest.testmod(module)
    assert result.attempted > 0 and result.failed == 0


def test_cosines_of_hand_made_gradients():
    # Fake 0 looks between both real points; fake 1 looks away from real 0 and past real 1.
    gradients = np.array([[1.0, 1.0], [0.0, 5.0]])
    half = np.sqrt(0.5)
    np.testing.assert_allclose(
        lipschitz_scores.cosines(gradients, REAL, FAKE), [[half, half], [-1.0, 0.0]], atol=1e-15
    )


def test_a_gradient_or_a_direction_of_length_zero_points_nowhere():
    gradients = np.array([[0.0, 0.0], [1.0, 0.0]])
    found = lipschitz_scores.cosines(gradients, FAKE, FAKE)
    np.testing.assert_array_equal(found[0], 0.0)
    assert found[1, 1] == 0.0


def test_partners_by_brute_force():
    draw = np.random.default_rng(0)
    real, fake = draw.normal(size=(6, 3)), draw.normal(size=(6, 3))

    def cost(order):
        return np.linalg.norm(real[list(order)] - fake, axis=1).sum()

    best = min(itertools.permutations(range(6)), key=cost)
    np.testing.assert_array_equal(lipschitz_scores.partners(real, fake), best)


def test_some_real_point_is_not_the_partner():
    # Both fakes look at the left real point, as mode collapse does: only one is its partner.
    real, fake = np.array([[-1.0], [1.0]]), np.array([[-0.1], [0.1]])
    scores = lipschitz_scores.direction_scores(np.array([[-1.0], [-1.0]]), real, fake)
    assert scores == {"to_some_real": 1.0, "median": 1.0, "to_partner": 0.0}


def test_coupling_of_hand_made_critics():
    real, fake = np.array([[1.0], [2.0]]), np.array([[0.0], [-1.0]])
    # f(x) = x rises by 1 on every line.
    values = real[:, 0], fake[:, 0]
    np.testing.assert_allclose(lipschitz_scores.coupling(*values, real, fake), 1.0, rtol=1e-12)
    # A step between 0 and 1: rises of 1 and 1/2 to the nearer real point, the steepest being 1.
    np.testing.assert_allclose(
        lipschitz_scores.coupling([1.0, 1.0], [0.0, 0.0], real, fake), 0.75, rtol=1e-12
    )
    assert lipschitz_scores.coupling([0.0, 0.0], [1.0, 1.0], real, fake) == 0.0


def test_walks_end_at_the_real_point_where_the_gradient_points_to_it():
    real, fake = np.array([[4.0, 0.0], [0.0, 9.0]]), np.array([[1.0, 0.0]])
    walk = lipschitz_images.walks(np.array([[0.5, 0.0]]), real, fake)
    steps = lipschitz_images.STEPS
    assert walk.shape == (1, steps + 3, 2)
    np.testing.assert_allclose(walk[0, 1], [1.0, 0.0])
    np.testing.assert_allclose(walk[0, 2:-1, 0], 1.0 + 3.0 * np.arange(1, steps + 1) / steps)
    np.testing.assert_allclose(walk[0, -2:], [[4.0, 0.0], [4.0, 0.0]])


def test_drift_does_not_depend_on_slope_or_offset():
    means, gaps = np.array([5.0, 5.0, 1.0, 3.0]), np.array([1.0, 1.0, 2.0, 2.0])
    expected = {"drift": 0.5, "range": 1.0}  # deviation 1 and range 2, in units of 2
    for scale, offset in ((1.0, 0.0), (7.0, 100.0)):
        found = lipschitz_offset.drift(scale * means + offset, scale * gaps)
        assert {key: pytest.approx(found[key]) for key in expected} == expected


def test_toys_are_what_they_say():
    real, fake = lipschitz_gradients.squares(2000, seed=0)
    outer = np.isclose(np.abs(fake + (1, 0)).max(axis=1), 0.5)
    assert len(np.unique(fake[outer], axis=0)) == 16
    # 400 expected, deviation 18: five of them.
    np.testing.assert_allclose(outer.sum(), 400, atol=90)
    assert np.abs(fake[~outer] + (1, 0)).max() <= 0.25 and np.abs(real - (1, 0)).max() <= 0.5
    real, fake = lipschitz_gradients.two_sides(20_000, seed=0)
    right = real[:, 0] > 0
    # Deviations of these means: 0.15 / sqrt(10,000) = 0.0015; five of them.
    np.testing.assert_allclose(real[right].mean(axis=0), (1.0, 0.0), atol=0.0075)
    np.testing.assert_allclose(real[~right].mean(axis=0), (-1.25, 0.0), atol=0.0075)
    np.testing.assert_allclose(fake.mean(axis=0), (-0.75, 0.0), atol=0.0075)
    real, fake = lipschitz_gradients.ten_points(500, seed=3)
    assert len(np.unique(real, axis=0)) == len(np.unique(fake, axis=0)) == 10


@pytest.fixture(scope="module")
def alone():
    return lipschitz_toys.CriticAlone(
        1,
        lipschitz_toys.FAMILY["x"],
        penalties.max_gradient_penalty(0.5),
        lipschitz_toys.MAX_GP,
        hidden=(16,),
        batch_size=8,
        rate=1e-2,
        decay_over=400,
    )


def test_the_critic_of_two_points_finds_its_slope(alone):
    # Theorem 4: k = distance / (2 weight) = 2 / 1 for points at -1 and 1.
    real, fake = np.ones((8, 1), "float32"), -np.ones((8, 1), "float32")
    alone.start(0, real, fake)
    alone.train(400)
    rise = alone.values(real[:1]) - alone.values(fake[:1])
    np.testing.assert_allclose(rise / 2, 2.0, rtol=0.03)  # what 400 steps leave
    scores = alone.scores(real, fake)
    assert scores["to_some_real"] == pytest.approx(1.0) == scores["to_partner"]


def test_a_seed_gives_the_same_critic_again_and_another_does_not(alone):
    real, fake = lipschitz_gradients.two_sides(50, seed=0)
    values = []
    for seed in (1, 1, 2):
        alone.start(seed, real[:, :1], fake[:, :1])
        alone.train(10)
        values.append(alone.values(real[:, :1]))
    np.testing.assert_array_equal(values[0], values[1])
    assert not np.allclose(values[0], values[2])


def test_spectral_norm_wraps_every_dense_layer_and_bounds_the_slope():
    alone = lipschitz_toys.CriticAlone(
        2,
        lipschitz_toys.FAMILY["x"],
        None,
        lipschitz_toys.SPECTRAL,
        hidden=(8, 8),
        batch_size=8,
        rate=1e-3,
    )
    real, fake = lipschitz_gradients.two_sides(100, seed=0)
    alone.start(0, real, fake)
    alone.train(50)
    # One power step per update follows a slow kernel to within 2 %, in each of three layers.
    assert 0.0 < np.linalg.norm(alone.gradients(fake), axis=1).max() <= 1.06


def _stored(names):
    """Stand for TFDS: as many images as names, in another order, each of its own grey."""

    def dataset(self, *args, **kwargs):
        greys = tf.constant(list(range(len(names)))[::-1], tf.uint8)
        images = tf.ones((len(names), 32, 32, 3), tf.uint8) * greys[:, None, None, None]
        return tf.data.Dataset.from_tensor_slices({"id": list(names)[::-1], "image": images})

    return tfds.testing.mock_data(as_dataset_fn=dataset)


def test_images_are_found_by_name():
    with _stored(lipschitz_images.NAMES):
        real, fake = lipschitz_images.images(None)
    np.testing.assert_allclose(real[:, 0, 0, 0], np.arange(10) / 127.5 - 1.0, rtol=1e-6)
    assert fake.shape == real.shape == (10, 32, 32, 3) and np.abs(fake).max() <= 1.0


def test_methods_are_the_papers():
    methods = lipschitz_modes.METHODS
    assert len(methods) == 4 + len(lipschitz_toys.FAMILY)
    for method in methods.values():
        assert method.critic_steps == (1 if method.penalty is None else lipschitz_modes.STEPS)


@pytest.mark.slow
def test_the_image_experiment_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(lipschitz_images, "HIDDEN", (8,))
    with _stored(lipschitz_images.NAMES):
        reproduce.reproduce("lipschitz_images", str(tmp_path), seeds=1, scale=0.002)
    assert len(list((tmp_path / "lipschitz_images").glob("*.png"))) == 5


@pytest.mark.slow
def test_the_mode_experiment_looks_before_and_after_the_freeze(tmp_path, monkeypatch):
    few = {name: lipschitz_modes.METHODS[name] for name in ("GAN", "WGAN-GP")}
    monkeypatch.setattr(lipschitz_modes, "METHODS", few)
    run = record.Run(tmp_path, seeds=(0,), scale=0.002, say=lambda line: None)
    rows = lipschitz_modes.EXPERIMENT.run(run)
    # Two looks on 8 and 25 Gaussians, the roll and the moons, one at each rho.
    updates = [row["updates"] for row in rows if row["method"] == "GAN"]
    assert updates == [30, 60] * 4 + [30, 30]
    assert ["modes" in row for row in rows if row["method"] == "GAN"] == [True] * 4 + [
        False
    ] * 4 + [True] * 2


class _Bowl:
    """A critic whose gradient at x is x itself, or one direction everywhere."""

    def __init__(self, round_):
        self._round = round_

    def gradients(self, x):
        return x if self._round else np.ones_like(x)


def test_turning_is_the_angle_between_gradients_of_neighbours():
    corners = np.array([[-1.0, -1.0], [1.0, 1.0]])
    assert lipschitz_surfaces.turning(_Bowl(False), corners, corners) < 1e-5
    # Of the gradient field x: angles between position vectors, with SciPy.
    side = np.linspace(-1, 1, 60)
    grid = np.stack(np.meshgrid(side, side), axis=-1)
    angles = [
        np.degrees(np.arccos(1 - cosine(grid[a], grid[b])))
        for i in range(60)
        for j in range(59)
        for a, b in (((i, j), (i, j + 1)), ((j, i), (j + 1, i)))
    ]
    found = lipschitz_surfaces.turning(_Bowl(True), corners, corners)
    assert found == pytest.approx(np.mean(angles), rel=1e-6)
