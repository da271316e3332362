"""Modes and reverse KL against numbers worked out by hand and in closed form."""

import math

import numpy as np
import pytest

from keras_ot_gans.metrics import mode_histogram_scores, reconstruction_accuracy


def test_by_hand():
    labels = [0] * 6 + [1] * 3 + [2]
    modes, reverse_kl = mode_histogram_scores(labels, [0.25, 0.25, 0.25, 0.25])
    assert modes == 3
    expected = 0.6 * math.log(2.4) + 0.3 * math.log(1.2) + 0.1 * math.log(0.4)
    np.testing.assert_allclose(reverse_kl, expected, rtol=1e-12)
    assert mode_histogram_scores(labels, [0.25] * 4, at_least=3).modes == 2
    assert mode_histogram_scores(labels, [0.25] * 4, at_least=4).modes == 1


def test_equal_histograms_have_no_divergence():
    labels = np.repeat(np.arange(1000), 26)
    scores = mode_histogram_scores(
        np.random.default_rng(0).permutation(labels), np.full(1000, 1e-3)
    )
    assert scores.modes == 1000
    np.testing.assert_allclose(scores.reverse_kl, 0, atol=1e-12)
    weights = np.array([0.7, 0.2, 0.1], np.float32)  # sums to 1 in float32 only
    found = mode_histogram_scores([0] * 7 + [1] * 2 + [2], weights).reverse_kl
    np.testing.assert_allclose(found, 0, atol=1e-7)


def test_a_collapsed_generator_is_log_k_away():
    scores = mode_histogram_scores(np.full(500, 7), np.full(1000, 1e-3))
    assert scores.modes == 1
    np.testing.assert_allclose(scores.reverse_kl, math.log(1000), rtol=1e-12)


def test_a_perfect_generator_is_as_far_as_its_sample_size_says():
    n, k = 26_000, 1000  # as for Stacked MNIST in the paper
    rng = np.random.default_rng(0)
    found = [
        mode_histogram_scores(rng.integers(0, k, n), np.full(k, 1 / k)).reverse_kl
        for _ in range(20)
    ]
    # 2 n KL is chi-square with k - 1 degrees to first order, so its mean over 20 has the
    # standard error sqrt(2 (k - 1) / 20) / (2 n) = 0.0002; the next order is k^2 / (12 n^2) = 1e-4.
    np.testing.assert_allclose(np.mean(found), (k - 1) / (2 * n), atol=1e-3)


def test_a_mode_that_does_not_exist_makes_it_infinite():
    assert mode_histogram_scores([0, 1], [1.0, 0.0]).reverse_kl == np.inf
    assert mode_histogram_scores([0, 0], [1.0, 0.0]) == (1, 0.0)


def test_reconstruction_accuracy():
    assert reconstruction_accuracy([5, 6, 7, 8], [5, 6, 0, 8]) == 0.75
    assert reconstruction_accuracy(np.arange(3), np.arange(3)) == 1.0


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"predicted_labels": [0.0, 1.0]}, TypeError, "`predicted_labels` must be integers"),
        ({"predicted_labels": []}, ValueError, r"shape \(n,\), n > 0. Received: shape \(0,\)"),
        ({"predicted_labels": [[0, 1]]}, ValueError, r"Received: shape \(1, 2\)"),
        ({"predicted_labels": [0, 2]}, ValueError, r"must lie in \[0, 2\).*Received: 0 to 2"),
        ({"predicted_labels": [-1, 0]}, ValueError, "Received: -1 to 0"),
        ({"real_weights": [0.5, 0.6]}, ValueError, "`real_weights` must sum to 1.*1.1"),
        ({"real_weights": [1.5, -0.5]}, ValueError, "`real_weights` must be finite and non-neg"),
        ({"real_weights": [np.nan, 1.0]}, ValueError, "`real_weights` must be finite"),
        ({"real_weights": 1000}, ValueError, r"np.full\(k, 1 / k\)"),
        ({"at_least": 0}, ValueError, "`at_least` must be a positive int. Received: at_least=0"),
        ({"at_least": 1.5}, ValueError, "`at_least` must be a positive int"),
    ],
)
def test_bad_input_is_named(change, error, message):
    arguments = {"predicted_labels": [0, 1], "real_weights": [0.5, 0.5]} | change
    with pytest.raises(error, match=message):
        mode_histogram_scores(**arguments)


def test_bad_labels_of_reconstructions():
    with pytest.raises(ValueError, match="must hold as many labels. Received: 2 and 3"):
        reconstruction_accuracy([1, 2], [1, 2, 3])
    with pytest.raises(TypeError, match="`predicted` must be integers. Received: dtype float64"):
        reconstruction_accuracy([1], [1.0])
    with pytest.raises(ValueError, match="`labels` must have shape"):
        reconstruction_accuracy([], [])
