"""Models with an encoder, from the configs that come with the repository."""

import keras
import numpy as np
import pytest

from apps import builders, config_form, experiment, schedule, sources
from apps.run_folder import RunFolder
from configs import age_imbalanced_grid, age_mnist
from keras_ot_gans import models, networks
from keras_ot_gans.divergences import bidirectional, f_divergence


def small_grid(method="age"):
    config = age_imbalanced_grid.get_config(method)
    config.model.generator.hidden, config.model.encoder.hidden = (8, 8), (8,)
    if method == "age":
        config.model.discriminator.width = 8
    config.data.majority, config.data.minority = 60, 12
    config.train.batch_size, config.train.jit_compile = 16, False
    config.train.generator_updates = config.train.updates_per_epoch = 4
    config.train.steps_per_execution = 2
    config.watch.every, config.watch.num_evaluated, config.watch.num_pictured = 1, 40, 40
    return config


def small_mnist(objective="all"):
    config = age_mnist.get_config(objective)
    for role in ("generator", "encoder", "discriminator"):
        config.model[role].width = 2
    config.model.discriminator.dense_width, config.model.latent_dim = 4, 3
    return config


@pytest.mark.parametrize("name", age_mnist.OBJECTIVES)
def test_objectives_are_those_of_their_names(name):
    expected = {
        "all": bidirectional.age(f_divergence.all_divergences),
        "kl_clipped": bidirectional.age(f_divergence.kl, 0.5),
        "reverse_kl_clipped": bidirectional.age(f_divergence.reverse_kl, 0.5),
        "jensen_shannon_clipped": bidirectional.age(f_divergence.jensen_shannon, 0.5),
        "hellinger_clipped": bidirectional.age(f_divergence.squared_hellinger, 0.5),
        "bigan": bidirectional.bigan,
        "log_d_bigan": bidirectional.log_d_bigan,
        "hinge": bidirectional.hinge,
        "f_gan_kl": bidirectional.f_gan(f_divergence.kl),
    }
    model = builders.build_model(small_mnist(name), (28, 28, 1))
    assert model.objective == expected[name]


def test_networks_are_those_of_the_config():
    model = builders.build_model(small_mnist(), (28, 28, 1))
    assert isinstance(model, models.AGE) and model.ema_decay == 0.995
    # Noise maps of 4, 7 and 14 pixels beside a code of 3; a Gaussian encoder's of 3.
    assert (model.code_dim, model.latent_dim, model.noise_dim) == (3, 3 + 16 + 49 + 196, 3)
    config = small_mnist()
    config.model.generator.transformation = config.model.encoder.transformation = "deterministic"
    model = builders.build_model(config, (28, 28, 1))
    assert (model.code_dim, model.latent_dim, model.noise_dim) == (3, 3, 0)


def test_the_vae_has_the_same_networks_as_age():
    age, vae = (builders.build_model(small_grid(m), (2,)) for m in ("age", "vae"))
    assert isinstance(vae, models.VAE) and set(vae.networks) == {"generator", "encoder"}
    for role in vae.networks:
        shapes = ([w.shape for w in m.networks[role][0].get_weights()] for m in (age, vae))
        assert next(shapes) == next(shapes)


def alone(config, name, **keys):
    """The config without an encoder, with a discriminator of x."""
    with config.unlocked():
        config.model.encoder = None
        config.model.discriminator = {"name": name, **keys}
        del config.optimizers["encoder"]
    return config


def test_without_an_encoder_the_discriminator_sees_x_alone():
    images = builders.build_model(alone(small_mnist(), "dcgan", width=2), (28, 28, 1))
    points = builders.build_model(alone(small_grid(), "mlp", hidden=(8,)), (2,))
    for model, shape in ((images, (28, 28, 1)), (points, (2,))):
        assert isinstance(model, models.AGE) and model.encoder is None
        assert set(model.networks) == {"generator", "discriminator"}
        assert model.discriminator.input_shape == (None, *shape)
        assert model.discriminator.name == "discriminator"
    x = np.random.default_rng(0).normal(size=(16, 2)).astype("float32")
    logs = points.fit(x, batch_size=16, verbose=0).history
    assert np.isfinite(logs["discriminator_loss"]).all() and "encoder_loss" not in logs


def test_without_an_encoder_teaches():
    with pytest.raises(ValueError, match="of x alone.*one of dcgan, mlp.*Received: 'age_mlp'"):
        builders.build_model(alone(small_grid(), "age_mlp", width=8), (2,))
    with pytest.raises(ValueError, match="`model.discriminator.name` must be one of dcgan"):
        builders.build_model(alone(small_grid(), "mlpp", hidden=(8,)), (2,))
    vae = small_grid("vae")
    with vae.unlocked():
        vae.model.encoder = None
    with pytest.raises(ValueError, match="`model.encoder` must be a section of its own for a VAE"):
        builders.build_model(vae, (2,))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("prior", "uniform", "`model.prior` must be 'normal'"),
        ("generator.transformation", "laplace", "`transformation` must be one of"),
        ("encoder.transformation", "implicit", "`transformation` must be one of"),
        ("objective.name", "wgan", "`model.objective.name` must be one of age, bigan"),
        ("objective.f_divergence", "chi", "`f_divergence` must be one of"),
        ("objective.r0", 2.0, r"`r0` must be in \(0, 1\]"),
        ("encoder.name", "age_mlp", "`model.encoder.name` must fit the data"),
    ],
)
def test_teaches(path, value, message):
    config = small_mnist("kl_clipped")
    section, key = config.model, path
    if "." in path:
        name, key = path.split(".")
        section = config.model[name]
    section[key] = value
    with pytest.raises(ValueError, match=message):
        builders.build_model(config, (28, 28, 1))


def test_toy_data_are_the_grid():
    source = sources.build_source(small_grid())
    assert source.real.shape == (5 * 60 + 4 * 12, 2) and len(source.mixture.centres) == 9
    assert source.mixture.weights[1] == pytest.approx(12 / 348)


def test_a_run_leaves_pictures_and_a_generator_with_its_noise(tmp_path):
    record = experiment.train_and_evaluate(small_grid(), str(tmp_path / "run"))
    assert np.isfinite([record["discriminator_loss"], record["w2_squared"]]).all()
    folder = RunFolder(tmp_path / "run")
    for name in ("samples", "reconstructions"):
        assert (folder.path / name / "step_000004.png").exists()
    generator = keras.saving.load_model(folder.generator, compile=False)
    assert generator.input_shape == (None, 4)  # a code of 2 and noise of 2
    assert networks.is_gaussian(generator)


def test_all_updates_of_a_round_may_share_one_batch():
    config = small_grid()
    config.model.discriminator_steps = 2
    source = sources.build_source(config)
    model = builders.build_model(config, source.sample_shape)
    assert schedule.plan(config, model).batches == 3
    separate = schedule.describe(config, model, source, schedule.plan(config, model))
    assert "one real batch" not in separate

    config.train.one_batch_per_round = True  # as the authors' code
    planned = schedule.plan(config, model)
    assert planned == schedule.plan(config, model)._replace(batches=1)
    assert "updates of a round are on one real batch" in schedule.describe(
        config, model, source, planned
    )
    dataset, _ = source.rounds(planned.batches, first=0)
    assert dataset.element_spec.shape == (16, 2)
    passes = [x for x, _ in model.passes(next(iter(dataset)))]
    assert len(passes) == 3 and all(x is passes[0] for x in passes)
    model.fit(dataset, steps_per_epoch=2, epochs=1, verbose=0)
    assert model.step == 2


def test_one_batch_per_round_is_a_switch():
    config = small_grid()
    config = config.to_dict()
    config["train"]["one_batch_per_round"] = 1
    with pytest.raises(ValueError, match="`train.one_batch_per_round` must be True or False"):
        config_form.check(config)
