"""Which pictures a config may ask for, before anything is trained."""

import types

import pytest
from ml_collections import ConfigDict

from apps import watching
from keras_ot_gans import callbacks

OF_CODES = ("interpolations", "neighbours", "codes", "reconstructions")


class Encoding:
    """A model that offers all that pictures of codes need."""

    step, prior = 1, "normal"

    def encode(self):
        pass

    interpolate = reconstruct = encode


def check(names, model, shape):
    config = ConfigDict({"watch": {"pictures": names}})
    watching.check(config, model, types.SimpleNamespace(sample_shape=shape))


def test_neighbours_and_codes_have_a_name():
    assert watching.OTHERS["neighbours"] is callbacks.Neighbours
    assert watching.OTHERS["codes"] is callbacks.Codes


def test_pictures_of_codes_fit_images():
    check(OF_CODES, Encoding(), (8, 8, 1))


@pytest.mark.parametrize("name", ["interpolations", "neighbours"])
def test_points_have_none_of_images(name):
    expected = f"must not hold '{name}' of points. Received: points of 3 .* 'reconstructions' or"
    with pytest.raises(ValueError, match=expected):
        check(("reconstructions", name), Encoding(), (3,))


def test_points_have_codes_and_reconstructions():
    check(("codes", "reconstructions"), Encoding(), (3,))


@pytest.mark.parametrize("name", ["neighbours", "codes"])
def test_a_model_without_an_encoder_has_no_codes(name):
    model = types.SimpleNamespace(step=1, prior="normal")
    with pytest.raises(ValueError, match=f"Received: '{name}' for .* which has no `encode`"):
        check((name,), model, (8, 8, 1))


@pytest.mark.parametrize("name", OF_CODES)
def test_a_generator_alone_has_none_of_them(name):
    model = Encoding()
    model.encoder = None  # of AGE's appendix B
    with pytest.raises(ValueError, match=f"Received: '{name}' for .* which has no `encoder`"):
        check((name,), model, (8, 8, 1))
