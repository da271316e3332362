"""Codes of real samples over the prior: which picture, of which codes, under which numbers."""

import types

import keras
import numpy as np
import pytest
from scipy.stats import norm

from keras_ot_gans import callbacks, ops
from keras_ot_gans.callbacks import density_picture
from keras_ot_gans.callbacks.code_pictures import deviation, histogram_picture


class Plain:
    """A model whose codes are the points themselves, moved by the seed of the noise."""

    step = 7

    def __init__(self, prior=None):
        self.prior = prior or ops.Normal()

    def encode(self, x, seed=None, noise=True):
        assert noise
        return x + 0.25 * seed


def points(k, n=30):
    return np.random.default_rng(0).normal(size=(n, k)).astype("float32")


def drawn(callback, model=None):
    callback.set_model(model or Plain())
    callback.on_train_begin()
    callback.on_epoch_end(0)
    return callback.draw(7)


@pytest.mark.parametrize(("k", "n"), [(1, 5_000), (2, 100_000)])
@pytest.mark.parametrize("prior", [ops.Normal(), ops.Uniform()])
def test_codes_of_few_coordinates_lie_over_the_density(tmp_path, k, n, prior):
    callback = callbacks.Codes(points(k), tmp_path, num=30, seed=2)
    codes = points(k) + 0.5
    title = f"codes of real samples, step 7\n{deviation(codes, prior)}"
    behind = np.asarray(prior.sample((n, k), keras.random.SeedGenerator(2)))
    expected = density_picture(behind, codes, title, "codes", "prior")
    np.testing.assert_array_equal(drawn(callback, Plain(prior)), expected)
    assert (tmp_path / "codes" / "step_000007.png").exists()


@pytest.mark.parametrize("prior", [ops.Normal(), ops.Uniform()])
def test_more_coordinates_are_histograms(tmp_path, prior):
    callback = callbacks.Codes(points(5), tmp_path, num=30, seed=2)
    codes = points(5) + 0.5
    title = f"codes of real samples, step 7\n{deviation(codes, prior)}"
    expected = histogram_picture(codes, prior, title)
    np.testing.assert_array_equal(drawn(callback, Plain(prior)), expected)


def test_some_samples_are_chosen_once(tmp_path):
    one, same, other = (
        callbacks.Codes(points(3), tmp_path, num=4, seed=seed).real for seed in (0, 0, 1)
    )
    assert len(one) == 4 and (one == same).all() and not (one == other).all()


def test_numbers_are_those_of_two_codes():
    # E|a - N| of the line in closed form; the codes are 2 apart, two normals 2 / sqrt(pi).
    to_prior = 2 * norm.pdf(1) + 2 * norm.cdf(1) - 1
    energy = 2 * to_prior - 2 - 2 / np.sqrt(np.pi)
    lines = deviation([[0.0], [2.0]], ops.Uniform(-1.0, 3.0)).splitlines()
    assert lines == ["means off by up to 0.00, std 1.41 (prior 1.15)"]  # sqrt(2), 4 / sqrt(12)
    assert deviation([[-1.0], [1.0]], ops.Normal()).splitlines() == [
        f"energy distance to the prior {energy:.4f}",
        "means off by up to 0.00, std 1.41 (prior 1.00)",
    ]
    wide = deviation([[-1.0, 0.0], [1.0, -6.0]], ops.Normal()).splitlines()[1]
    assert wide == "means off by up to 3.00, std 1.41 to 4.24 (prior 1.00)"


def blue(picture):
    red, green, b = picture.astype(int).transpose(2, 0, 1)
    return (b > red + 60) & (b > green + 30)


def test_histograms_stand_where_the_codes_are():
    # Three panels side by side: left of the middle, right of it, and outside.
    codes = np.repeat([[-2.0, 2.0, 50.0]], 40, axis=0) + np.linspace(0, 0.4, 40)[:, None]
    found = blue(histogram_picture(codes, ops.Normal())[30:-40])
    columns = np.nonzero(found.sum(axis=0) > 60)[0]  # bars are high, letters are not
    third = found.shape[1] // 3
    assert 50 < columns[columns < third].mean() < third / 2
    assert 1.6 * third < columns[columns > third].mean() < 2 * third
    assert columns.max() < 2 * third
    assert found[:, 2 * third :].any()  # the note "40 outside"


def test_at_most_sixteen_coordinates_are_shown():
    codes, far = points(20), points(20)
    far[:, 16:] += 3
    np.testing.assert_array_equal(
        histogram_picture(codes, ops.Normal()), histogram_picture(far, ops.Normal())
    )
    assert (histogram_picture(codes[:, :16], ops.Normal()).shape) == (810, 860, 3)


def test_teaches(tmp_path):
    for real in (np.zeros((1, 3)), np.zeros(5)):
        with pytest.raises(ValueError, match="`real` must hold at least two samples"):
            callbacks.Codes(real, tmp_path)
    with pytest.raises(ValueError, match="`num` must be at least 2"):
        callbacks.Codes(points(3), tmp_path, num=1)
    for lacking, has in (("encode", {"prior": 1}), ("prior", {"encode": len})):
        with pytest.raises(ValueError, match=f"`Codes` needs a model that offers `{lacking}`"):
            drawn(callbacks.Codes(points(3), tmp_path), types.SimpleNamespace(step=1, **has))
