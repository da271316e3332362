"""The AGE paper's mixtures against the numbers that it states."""

import numpy as np
import pytest
import scipy.stats

from keras_ot_gans import datasets


@pytest.mark.parametrize(
    ("side", "n", "frequent", "rare"), [(3, 52_000, 5, 4), (5, 136_000, 13, 12)]
)
def test_counts_are_the_papers(side, n, frequent, rare):
    # AGE 5.1: 5 majority and 4 minority classes of 9; 5.2: 12 minority classes of 25.
    points, labels, mixture = datasets.imbalanced_grid(side)
    assert points.shape == (n, 2) and points.dtype == np.float32
    assert labels.shape == (n,) and labels.dtype == np.int64
    counts = np.bincount(labels)
    assert sorted(counts) == [500] * rare + [10_000] * frequent
    assert (counts[1::2] == 500).all() and (counts[::2] == 10_000).all()
    np.testing.assert_allclose(mixture.weights, counts / n, rtol=1e-12)
    assert mixture.scale == 0.3 and mixture.name == f"imbalanced_grid_{side**2}"
    line = {3: [-2.0, 0.0, 2.0], 5: [-4.0, -2.0, 0.0, 2.0, 4.0]}[side]
    assert mixture.centres.tolist() == [[x, y] for y in line for x in line]


def test_points_lie_around_the_centre_of_their_label():
    points, labels, mixture = datasets.imbalanced_grid(3, seed=1)
    noise = (points - mixture.centres[labels]) / 0.3
    # A test that a right sampler fails once in a thousand seeds.
    assert scipy.stats.kstest(noise.ravel(), "norm").pvalue > 1e-3
    # 5 standard errors of a mean, in the rarest mode too.
    for mode in range(9):
        part = noise[labels == mode]
        np.testing.assert_allclose(part.mean(axis=0), 0, atol=5 / np.sqrt(len(part)))
    # In random order: neighbours differ as often as the shares say, within 5 standard errors.
    differ = 1 - np.sum(mixture.weights**2)
    slack = 5 * np.sqrt(differ * (1 - differ) / len(labels))
    np.testing.assert_allclose((np.diff(labels) != 0).mean(), differ, atol=slack)


def test_seed():
    first, second = (datasets.imbalanced_grid(3, 50, 5, seed=4) for _ in range(2))
    np.testing.assert_array_equal(first.points, second.points)
    np.testing.assert_array_equal(first.labels, second.labels)
    other = datasets.imbalanced_grid(3, 50, 5, seed=5)
    assert (other.labels != first.labels).any() and (other.points != first.points).all()


def test_density_is_the_weighted_sum_of_gaussians():
    mixture = datasets.imbalanced_grid_mixture(side=5)
    x = np.array([[0.1, -0.2], [2.0, 4.0], [1.0, 1.0]])
    parts = [
        weight * scipy.stats.multivariate_normal(centre, 0.09 * np.eye(2)).pdf(x)
        for weight, centre in zip(mixture.weights, mixture.centres, strict=True)
    ]
    got = mixture.distribution().log_prob(x.astype(np.float32))
    np.testing.assert_allclose(got, np.log(np.sum(parts, axis=0)), rtol=1e-5)  # float32


def test_sizes_are_arguments():
    points, labels, mixture = datasets.imbalanced_grid(
        2, majority=7, minority=3, spacing=1.0, std=1e-6
    )
    assert np.bincount(labels).tolist() == [7, 3, 7, 3]
    assert mixture.centres.tolist() == [[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]]
    np.testing.assert_allclose(points, mixture.centres[labels], atol=1e-5)  # 10 deviations


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"side": 1}, "`side` must be at least 2"),
        ({"side": 2.5}, "`side` must be a positive int. Received: side=2.5"),
        ({"majority": 0}, "`majority` must be a positive int"),
        ({"minority": -5}, "`minority` must be a positive int. Received: minority=-5"),
        ({"spacing": 0.0}, "`spacing` must be positive. Received: spacing=0.0"),
        ({"spacing": float("nan")}, "`spacing` must be positive"),
        ({"std": 0.0}, "`scale` must be positive"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        datasets.imbalanced_grid(**arguments)
