"""Whole models as files: all networks and counters, no optimizers, and every method works."""

import zipfile

import keras
import numpy as np
import pytest

from keras_ot_gans import networks
from keras_ot_gans.models.exporting import export_model
from tests.models.cases import CASES, adam
from tests.models.harness import weights


def moved(case):
    """A compiled model none of whose weights, seeds and counters are those it was made with."""
    model, rng = case.compiled(), np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(weight + np.asarray(1 + rng.random(weight.shape), weight.dtype))
    model.seed_generator.next()
    return model


def state(model):
    return weights([*model.weights, *model._seed_states()])


@pytest.mark.parametrize("name", CASES)
def test_all_of_a_model_comes_back_but_its_optimizers(name, tmp_path):
    model = moved(CASES[name])
    model.freeze("generator")
    before = state(model)
    path = export_model(model, tmp_path / "model.keras")
    loaded = keras.saving.load_model(path, safe_mode=True)
    assert type(loaded) is type(model) and not loaded.compiled
    assert (loaded.step, loaded.frozen) == (model.step, ("generator",)) and loaded.step > 0
    for ours, theirs, old in zip(state(loaded), state(model), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_array_equal(theirs, old)  # the model itself stays as it was
    assert model.compiled
    with zipfile.ZipFile(path) as archive:
        assert b"optimizer" not in archive.read("config.json")


@pytest.mark.parametrize("name", ["age", "age_stochastic", "vae"])
def test_encoders_encode_reconstruct_and_interpolate(name, tmp_path):
    case = CASES[name]
    model, (x1, x2) = moved(case), case.data(8).reshape(2, 4, 2)
    loaded = keras.saving.load_model(export_model(model, tmp_path / "model.keras"))
    for use_ema in (True, False):
        for view in (
            lambda m: m.encode(x1, seed=3),
            lambda m, use_ema=use_ema: m.reconstruct(x1, seed=3, use_ema=use_ema),
            lambda m, use_ema=use_ema: m.interpolate(x1, x2, 3, use_ema=use_ema),
        ):
            # The same networks, compiled twice: within float32 rounding.
            np.testing.assert_allclose(view(loaded), view(model), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(loaded.sample(5), model.sample(5), rtol=1e-5, atol=1e-5)


def test_it_can_be_trained_further(tmp_path):
    case = CASES["vae"]
    loaded = keras.saving.load_model(export_model(case.make(), tmp_path / "model.keras"))
    loaded.compile(adam(loaded))
    case.fit(loaded)
    assert loaded.step == 8


def test_what_is_no_model_or_has_another_place_is_refused(tmp_path):
    model, path = CASES["vae"].make(), tmp_path / "model.keras"
    path.write_text("mine")
    for given, place, part in (
        (networks.mlp(2, (4,), 2), path, "`model` must be one of `models`.*Received: Functional"),
        (model, tmp_path / "model.onnx", "`path` must end with .keras. Received: .*model.onnx"),
        (model, tmp_path / "model", "`path` must end with .keras"),
        (model, path, "`path` must be new"),
    ):
        with pytest.raises(ValueError, match=part):
            export_model(given, place)
    assert path.read_text() == "mine"
    assert export_model(model, path, overwrite=True) == path and zipfile.is_zipfile(path)
    assert [found.name for found in tmp_path.iterdir()] == ["model.keras"]
