"""AGE's networks for photographs from the sections of a config, narrow."""

import keras
import numpy as np
import pytest

from apps import builders
from configs import age_mnist
from keras_ot_gans import models, networks
from keras_ot_gans.layers import SpectralNormalization

CODE, NOISE = 6, sum(side * side for side in (4, 8, 8, 16, 16, 32, 32, 64, 64))
SHAPE = (64, 64, 3)


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Pooled pixels where a ResNet-50 would be, and no singular values: shapes need neither."""

    def pooled(include_top, weights, input_shape, pooling):
        assert (include_top, weights, pooling) == (False, None, "avg")
        images = keras.Input(input_shape)
        return keras.Model(images, keras.layers.GlobalAveragePooling2D()(images))

    monkeypatch.setattr(keras.applications, "ResNet50", pooled)
    monkeypatch.setattr(SpectralNormalization, "power_step", lambda layer: None)


def photographs(**keys):
    """`configs/age_mnist.py` with narrow networks of appendix E.3; `keys` by role."""
    config = age_mnist.get_config()
    narrow = {
        "generator": {"name": "age_sagan", "width": 1},
        "encoder": {"name": "age_resnet", "width": 5},
        "discriminator": {"name": "age_sagan", "width": 1, "dense_width": 4},
    }
    with config.unlocked():
        config.model.latent_dim, config.model.ema_decay = CODE, None
        for role, section in narrow.items():
            kept = {k: v for k, v in config.model[role].items() if k == "transformation"}
            config.model[role] = {**kept, **section, **keys.get(role, {})}
    return config


def test_a_config_of_appendix_e_3():
    model = builders.build_model(photographs(), SHAPE)
    assert isinstance(model, models.AGE)
    # Noise maps beside the code in the latents, and a Gaussian's beside the images.
    assert (model.code_dim, model.latent_dim, model.noise_dim) == (CODE, CODE + NOISE, CODE)
    assert networks.code_dim(model.generator) == CODE
    assert model.generator.input_shape == (None, CODE + NOISE)
    assert model.generator.output_shape == (None, *SHAPE)
    assert model.encoder.input_shape == [(None, *SHAPE), (None, CODE)]
    assert model.encoder.output_shape == (None, CODE)
    assert model.discriminator.input_shape == [(None, *SHAPE), (None, CODE)]
    assert model.discriminator.output_shape == (None, 1)
    assert model.encode(np.zeros((2, *SHAPE), "float32"), seed=0).shape == (2, CODE)


def test_deterministic_networks_and_their_other_keys():
    plain = {"transformation": "deterministic"}
    config = photographs(
        generator={**plain, "attention_side": 8},
        encoder={**plain, "width": 7},
        discriminator={"attention_side": 16, "sum_pool": True},
    )
    model = builders.build_model(config, SHAPE)
    assert (model.code_dim, model.latent_dim, model.noise_dim) == (CODE, CODE, 0)
    assert model.encoder.get_layer("dense").units == 7
    for network, side in ((model.generator, 8), (model.discriminator, 16)):
        assert network.get_layer("attention").output.shape[1:3] == (side, side)


@pytest.mark.parametrize(
    ("keys", "shape", "message"),
    [
        ({}, (28, 28, 1), r"`image_shape` must have a side of 64.*\(28, 28, 1\)"),
        ({}, (2,), "`model.generator.name` must fit the data"),
        ({"encoder": {"name": "age_sagan"}}, SHAPE, "`model.encoder.name` must be one of"),
        ({"generator": {"name": "age_resnet"}}, SHAPE, "`model.generator.name` must be one of"),
        ({"generator": {"dense_width": 4}}, SHAPE, "`model.generator.*dense_width"),
    ],
)
def test_teaches(keys, shape, message):
    with pytest.raises(ValueError, match=message):
        builders.build_model(photographs(**keys), shape)
