"""Calibrations against closed forms, another solver and pools made by hand."""

import numpy as np
import pytest
import scipy.optimize
import scipy.special
import scipy.stats
import tensorflow as tf

from keras_ot_gans.samplers import Calibration, calibrate, calibration_z


def quantiles(law, n):
    """`n` points that stand for a law."""
    return law.ppf((np.arange(n) + 0.5) / n)


@pytest.mark.parametrize(("n", "m"), [(20_000, 20_000), (20_000, 4_000)])
def test_logistic_finds_the_ratio_of_two_normals(n, m):
    real, fake = quantiles(scipy.stats.norm(2.0, 0.5), n), quantiles(scipy.stats.norm(1.5, 0.5), m)
    found = calibrate(real, fake)
    # log ratio: (x - 1.5)^2 / 0.5 - (x - 2)^2 / 0.5 = 2 x - 3.5. Quantiles lack the tails' mass.
    np.testing.assert_allclose([found.slope, found.offset], [2.0, -3.5], rtol=2e-3)
    assert found.knots == ()


def test_logistic_solves_the_equations_of_its_likelihood():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(3.0, 2.0, 40), rng.normal(0.0, 1.0, 25)
    found = calibrate(real, fake)
    scores = np.concatenate([real, fake]).astype("float32").astype("float64")
    targets = np.repeat([41 / 42, 1 / 27], [40, 25])

    def equations(line):
        off = scipy.special.expit(line[0] * scores + line[1]) - targets
        return [np.sum(off * scores), np.sum(off)]

    slope, offset = scipy.optimize.root(equations, [0.0, 0.0], tol=1e-12).x
    np.testing.assert_allclose(found.slope, slope, rtol=1e-6)
    np.testing.assert_allclose(found.offset, offset - np.log(40 / 25), rtol=1e-6)


def test_logistic_stays_finite_where_a_threshold_separates():
    found = calibrate(np.ones(50), np.zeros(50))
    # Two points, two numbers: the line meets Platt's targets 51 / 52 and 1 / 52.
    np.testing.assert_allclose(found.slope, 2 * np.log(51), rtol=1e-6)
    np.testing.assert_allclose(found.offset, -np.log(51), rtol=1e-6)
    far = calibrate(np.full(50, 1e6), np.full(50, -1e6))
    np.testing.assert_allclose(far([1e6, -1e6]), [np.log(51), -np.log(51)], rtol=1e-5)


@pytest.mark.parametrize("method", ["logistic", "isotonic"])
def test_a_constant_critic_tells_nothing(method):
    found = calibrate(np.full(9, 3.0), np.full(9, 3.0), method)
    np.testing.assert_allclose(found([-1.0, 3.0, 100.0]), 0.0, atol=1e-12)


def test_isotonic_pools_by_hand():
    # Sorted: 0 fake, 1 real, 2 fake, 3 real. The middle two violate the order and share 1 / 2; the
    # ends are clipped to 1 / 6 and 5 / 6.
    found = calibrate([1.0, 3.0], [0.0, 2.0], "isotonic")
    np.testing.assert_allclose(
        found.knots, [(0, -np.log(5)), (1, 0), (2, 0), (3, np.log(5))], atol=1e-12
    )
    between = found([-9.0, 0.0, 0.5, 1.5, 2.25, 3.0, 9.0])
    expected = np.array([-1, -1, -0.5, 0, 0.25, 1, 1]) * np.log(5)
    np.testing.assert_allclose(between, expected, atol=1e-6)


def test_isotonic_weighs_equal_scores_and_class_sizes():
    # At 0: one real of four; at 1: two of two. Clipped at 1 / 8; log(3 / 3) = 0 is subtracted.
    found = calibrate([0.0, 1.0, 1.0], [0.0, 0.0, 0.0], "isotonic")
    np.testing.assert_allclose(found.knots, [(0, -np.log(3)), (1, np.log(7))], atol=1e-12)
    # Twice as many real: every probability is that of the pool, less log 2.
    found = calibrate([0.0, 0.0, 1.0, 1.0], [0.0, 1.0], "isotonic")
    np.testing.assert_allclose(found.knots, [(0, 0), (1, 0)], atol=1e-12)


def test_isotonic_follows_a_ratio_that_is_no_line():
    law_real, law_fake = scipy.stats.expon(scale=2.0), scipy.stats.gamma(2.0, scale=0.5)
    found = calibrate(
        quantiles(law_real, 20_000) ** 3, quantiles(law_fake, 20_000) ** 3, "isotonic"
    )
    # The ratio falls up to x = 2 / 3 and rises beyond, where the best increasing function is it.
    x = np.linspace(1.2, 3.0, 10)
    exact = law_real.logpdf(x) - law_fake.logpdf(x)
    # Steps between 40,000 quantiles.
    np.testing.assert_allclose(found(x**3), exact, atol=0.05)


def test_none_and_the_default_take_the_value():
    assert calibrate([1.0], [0.0], "none") == Calibration()
    np.testing.assert_array_equal(Calibration()([2.5, -1.0]), [2.5, -1.0])


def test_calibrations_compile_and_have_gradients():
    for found, expected in [
        (Calibration(3.0, 1.0), [3.0, 3.0, 3.0]),
        (Calibration(knots=((0.0, 0.0), (1.0, 2.0), (3.0, 3.0))), [0.0, 2.0, 0.5]),
    ]:

        @tf.function
        def slopes(x, found=found):
            return tf.gradients(found(x), x)[0]

        np.testing.assert_allclose(slopes(tf.constant([-1.0, 0.5, 2.0])), expected)


def test_z_is_equation_9():
    rng = np.random.default_rng(1)
    real, fake = rng.normal(0.3, 1, 30).astype("f"), rng.normal(0, 1, 20).astype("f")
    found = Calibration(0.7, -0.1)
    p = scipy.special.expit(0.7 * np.concatenate([real, fake]) - 0.1 + np.log(1.5))
    y = np.repeat([1, 0], [30, 20])
    expected = np.sum(y - p) / np.sqrt(np.sum(p * (1 - p)))
    np.testing.assert_allclose(calibration_z(found, real, fake), expected, rtol=1e-5)


def test_z_is_standard_normal_for_the_exact_ratio_and_large_for_others():
    rng = np.random.default_rng(2)
    # With class sizes drawn by chance, Z is the sum of independent terms that the paper assumes.
    values = []
    for _ in range(300):
        n = rng.binomial(400, 0.5)
        x = np.concatenate([rng.normal(1, 1, n), rng.normal(0, 1, 400 - n)])
        # The prior 1 / 2 of the draw instead of the counts: undone in the offset.
        undone = Calibration(1.0, -0.5 - np.log(n / (400 - n)))
        values.append(calibration_z(undone, x[:n], x[n:]))
    assert scipy.stats.kstest(values, "norm").pvalue > 0.01
    real, fake = rng.normal(1, 1, 5000), rng.normal(0, 1, 2500)
    assert abs(calibration_z(Calibration(1.0, -0.5), real, fake)) < 3
    assert calibration_z(Calibration(1.0, 0.0), real, fake) < -5
    assert calibration_z(Calibration(1.0, -1.0), real, fake) > 5


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="`method` must be one of logistic, isotonic, none"):
        calibrate([1.0], [0.0], "platt")
    with pytest.raises(ValueError, match=r"`real_scores` must be finite.* Received: shape \(0,\)"):
        calibrate([], [0.0])
    with pytest.raises(ValueError, match="`fake_scores` must be finite.*, 1 not finite"):
        calibrate([1.0], [np.inf])
    with pytest.raises(ValueError, match=r"`real_scores` .* Received: shape \(2, 1\)"):
        calibrate([[1.0], [2.0]], [0.0])
    with pytest.raises(ValueError, match="`fake_scores` must be finite"):
        calibration_z(Calibration(), [1.0], [])


def test_cards_name_the_calibration():
    assert str(Calibration()) == "none"
    assert str(Calibration(2.0, -1.23456)) == "logistic(2, -1.235)"
    texts = {str(Calibration(knots=((0.0, 0.0), (1.0, top)))) for top in (1.0, 2.0)}
    assert len(texts) == 2  # samples of another law
    assert all(text.startswith("isotonic(2 knots #") for text in texts)
