import numpy as np
import pytest

from keras_ot_gans.metrics import mode_coverage

ANGLES = np.arange(8) * np.pi / 4
RING = 1.414 * np.column_stack([np.cos(ANGLES), np.sin(ANGLES)])
SIGMA = 0.0141


def ring(modes, noise=SIGMA, seed=0):
    rng = np.random.default_rng(seed)
    return RING[modes] + noise * rng.normal(size=(len(modes), 2))


def test_real_samples_are_within_three_sigma_as_often_as_rayleigh_says():
    n = 100_000
    result = mode_coverage(ring(np.arange(n) % 8), RING, SIGMA)
    expected = 1 - np.exp(-4.5)  # P(r < 3 sigma) in two dimensions
    error = np.sqrt(expected * (1 - expected) / n)
    assert abs(result.high_quality_share - expected) < 4 * error
    assert result.modes_captured == result.num_modes == 8
    assert result.missing == ()
    np.testing.assert_allclose(result.histogram.sum(), result.high_quality_share, rtol=1e-12)
    # Multinomial noise of 8 shares: (8 - 1) / (2 n) = 3.5e-5 expected.
    assert result.reverse_kl < 3e-4


def test_shares_and_reverse_kl_by_hand():
    weights = np.array([0.5, 0.25, 0.25])
    fake = np.repeat([[0.0], [10.0]], [3, 1], axis=0)
    result = mode_coverage(fake, [[0.0], [10.0], [20.0]], 1.0, weights)
    np.testing.assert_array_equal(result.histogram, [0.75, 0.25, 0.0])
    expected = 0.75 * np.log(0.75 / 0.5) + 0.25 * np.log(0.25 / 0.25)
    np.testing.assert_allclose(result.reverse_kl, expected, rtol=1e-12)
    assert (result.modes_captured, result.missing) == (2, (2,))


def test_a_blurred_generator_is_seen_in_two_ways():
    fake = ring(np.arange(4000) % 8, noise=20 * SIGMA)  # every mode, no sharpness
    within = mode_coverage(fake, RING, SIGMA)
    nearest = mode_coverage(fake, RING, SIGMA, radius_in_scales=None)
    assert within.modes_captured == 0 and within.high_quality_share < 0.05
    assert nearest.modes_captured == 8 and nearest.high_quality_share == 1.0
    assert nearest.reverse_kl < 0.01


def test_a_collapsed_generator():
    result = mode_coverage(ring(np.full(500, 3)), RING, SIGMA, radius_in_scales=None)
    assert result.modes_captured == 1
    assert result.missing == (0, 1, 2, 4, 5, 6, 7)
    np.testing.assert_allclose(result.reverse_kl, np.log(8), rtol=1e-12)


def test_threshold_is_a_part_of_the_due_share():
    # 2,500 samples, 25 modes, 100 due: 10 capture a mode and 9 do not.
    centres = np.arange(25.0)[:, None] * 10
    for count, captured in ((10, 25), (9, 24)):
        modes = np.concatenate([np.zeros(count, int), 1 + np.arange(2500 - count) % 24])
        assert mode_coverage(centres[modes], centres, 1.0).modes_captured == captured
    # The same count is enough for a mode of half the weight.
    weights = np.array([0.02, *np.full(24, 0.98 / 24)])
    modes = np.concatenate([np.zeros(5, int), 1 + np.arange(2495) % 24])
    assert mode_coverage(centres[modes], centres, 1.0, weights).modes_captured == 25
    assert mode_coverage(centres[modes], centres, 1.0, weights, min_share=0.2).missing == (0,)


def test_no_sample_within_the_radius():
    result = mode_coverage([[100.0]], [[0.0], [1.0]], 0.1)
    assert result.reverse_kl == np.inf
    assert (result.modes_captured, result.high_quality_share) == (0, 0.0)
    np.testing.assert_array_equal(result.histogram, [0.0, 0.0])


def test_each_mode_may_have_its_scale():
    centres = [[0.0], [10.0]]
    result = mode_coverage([[2.0], [8.0]], centres, [1.0, 0.1])
    np.testing.assert_array_equal(result.histogram, [0.5, 0.0])


def test_float32_weights_pass():
    weights = np.full(25, 1 / 25, np.float32)
    assert mode_coverage(np.zeros((1, 1)), np.zeros((25, 1)), 1.0, weights).num_modes == 25


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"scale": 0.0}, "`scale` must be positive and finite. Received: scale=0.0"),
        ({"scale": [1.0, 1.0, 1.0]}, r"`scale` must have one value per centre, shape \(2,\)"),
        ({"weights": [0.5, 0.6]}, "`weights` must sum to 1. Received: a sum of 1.1"),
        ({"weights": [0.0, 1.0]}, "`weights` must be positive"),
        ({"weights": [1.0]}, "`weights` must have one value per centre"),
        ({"radius_in_scales": 0.0}, "`radius_in_scales` must be positive or None"),
        ({"min_share": 0.0}, r"`min_share` must lie in \(0, 1\]. Received: min_share=0.0"),
        ({"fake": [[0.0, 1.0]]}, "`fake` and `centres` must hold samples of the same size"),
        ({"fake": [[np.nan]]}, "`fake` must be finite"),
    ],
)
def test_bad_input_is_named(change, text):
    arguments = {"fake": [[0.0]], "centres": [[0.0], [1.0]], "scale": 1.0} | change
    with pytest.raises(ValueError, match=text):
        mode_coverage(**arguments)
