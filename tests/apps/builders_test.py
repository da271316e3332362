import keras
import numpy as np
import pytest

from apps import builders, model_builders
from apps.look_up import look_up
from keras_ot_gans import layers, models, ops
from keras_ot_gans.datasets import eight_gaussians_mixture


def test_act_gan_gets_what_the_config_says(act_config):
    config = act_config
    config.model.cost, config.model.prior = "euclidean", "uniform"
    config.model.forward_weight, config.model.num_anchors = 0.25, 3
    model = builders.build_model(config, (2,))
    assert isinstance(model, models.ACTGAN)
    assert model.cost is ops.euclidean and model.navigator_distance is ops.squared_euclidean
    assert isinstance(model.prior, ops.Uniform) and model.latent_dim == 50
    assert (model.forward_weight, model.num_anchors, model.num_fake) == (0.25, 3, None)
    assert (model.generator_steps, model.critic_steps, model.ema_decay) == (2, 1, 0.9)
    assert model.generator.output_shape == (None, 2) and model.critic.output_shape == (None, 4)
    assert model.critic.input_shape == model.navigator.input_shape == (None, 2)
    assert float(model.optimizer_of("navigator").learning_rate) == pytest.approx(2e-4)
    assert model.steps_per_execution == 1 and model.jit_compile is False


@pytest.mark.parametrize("critic", [False, True])
def test_learned_distance_compares_what_the_cost_compares(act_config, critic):
    config = act_config
    config.model.navigator = {"name": "difference", "hidden": (8,)}
    if not critic:
        with config.unlocked():
            config.model.critic, config.model.critic_steps = None, None
            del config.optimizers["critic"]
    model = builders.build_model(config, (2,))
    assert isinstance(model.navigator, layers.PairwiseDistance)
    assert model.navigator.network.input_shape == (None, 4 if critic else 2)


def test_critic_loss_by_name(act_config):
    with act_config.unlocked():
        act_config.model.critic_loss = "discriminator_cross_entropy"
    assert builders.build_model(act_config, (2,)).critic_head is not None


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("model.name", "act", "`model.name` must be one of act_gan, age, lipschitz_gan, minimum"),
        ("model.generator.name", "resnet", "`model.generator.name` must be one of dcgan, mlp"),
        ("model.critic.name", "difference", "`model.critic.name` must be one of dcgan, mlp"),
        ("model.navigator.name", "x", "`model.navigator.name` must be one of dcgan, difference"),
        ("model.navigator_distance", "x", "`model.navigator_distance` must be one of cosine"),
        ("model.critic_loss", "hinge", "`model.critic_loss` must be one of discriminator_cross"),
        ("model.prior", "gauss", "`model.prior` must be one of normal, uniform"),
        ("optimizers.critic.name", "adan", "Did you mean 'adam'"),
        ("optimizers.critic.momentum", 0.1, "`optimizers.critic` must have keys among"),
        ("model.generator.width", 3, "`model.generator` must have keys among hidden"),
        ("model.gamma", 3, "`model` must have keys among"),
        ("model.forward_weight", 2.0, "`forward_weight` must be in"),
        ("optimizers.encoder", {"name": "sgd"}, "`optimizers` must have exactly the roles"),
    ],
)
def test_unknown_names_and_keys_are_refused(act_config, path, value, message):
    *sections, key = path.split(".")
    section = act_config
    for name in sections:
        section = section[name]
    with act_config.unlocked():
        section[key] = value
    with pytest.raises(ValueError, match=message):
        builders.build_model(act_config, (2,))


def test_networks_that_do_not_fit_the_data_are_refused(act_config, image_config):
    with pytest.raises(
        ValueError, match=r"`model.generator.name` must fit the data.*\(28, 28, 1\)"
    ):
        builders.build_model(act_config, (28, 28, 1))
    with pytest.raises(ValueError, match=r"`model.generator.name` must fit.*\(2,\).*'dcgan'"):
        builders.build_model(image_config, (2,))
    # 30 is 2 * 15: no base of 4 to 7 pixels
    with pytest.raises(ValueError, match=r"`image_shape` must have a side of.*\(30, 30, 1\)"):
        builders.build_model(image_config, (30, 30, 1))


def test_minimum_distance_model(swd_config):
    model = builders.build_model(swd_config, (2,))
    assert isinstance(model, models.MinimumDistanceModel)
    assert model.divergence.num_directions == 16
    swd_config.model.divergence = {"name": "wasserstein_1d"}
    assert callable(builders.build_model(swd_config, (1,)).divergence)
    swd_config.model.divergence = {"name": "wasserstein_2d"}
    with pytest.raises(ValueError, match="`model.divergence.name` must be one of"):
        builders.build_model(swd_config, (1,))


@pytest.mark.parametrize("name", builders.OPTIMIZERS)
def test_every_optimizer_takes_a_learning_rate(name):
    optimizer = look_up("optimizers.x.name", name, builders.OPTIMIZERS)(learning_rate=0.5)
    assert isinstance(optimizer, keras.optimizers.Optimizer)
    assert float(optimizer.learning_rate) == 0.5


def test_metrics_by_name():
    mixture = eight_gaussians_mixture()
    points = mixture.sample(40, seed=0)
    judges = builders.build_metrics(("mode_coverage", "earth_mover"), mixture)
    values = {name: value for judge in judges for name, value in judge(points, points).items()}
    assert values["modes_captured"] == 8 and {"w1", "w2_squared_floor"} <= values.keys()
    (judge,) = builders.build_metrics(("sorted_w2",), None)
    np.testing.assert_allclose(judge(points[:, :1], points[:, :1])["sorted_w2_squared"], 0)
    with pytest.raises(ValueError, match="`watch.metrics` must not hold 'mode_coverage'"):
        builders.build_metrics(("mode_coverage",), None)
    with pytest.raises(ValueError, match="`watch.metrics` must be one of"):
        builders.build_metrics(("fid",), None)


def test_the_learning_rate_falls_along_half_a_cosine():
    section = {"name": "adam", "learning_rate": 0.01, "cosine_updates": 100}
    optimizer = builders._optimizer("generator", section)
    rates = []
    for update in (0, 50, 75, 100):
        optimizer.iterations.assign(update)
        rates.append(float(optimizer.learning_rate))
    # (1 + cos(pi t)) / 2 at t = 0, 1/2, 3/4, 1.
    expected = [0.01, 0.005, 0.01 * (1 - 0.5**0.5) / 2, 0.0]
    np.testing.assert_allclose(rates, expected, atol=1e-8)


def rates(section, steps):
    optimizer = builders._optimizer("critic", {"name": "sgd", "learning_rate": 0.1, **section})
    return [float(optimizer._learning_rate(step)) for step in steps]


def test_rates_rise_and_fall_as_the_section_says():
    # Half of the fall is half of the rate on a line and on a cosine.
    found = rates({"linear_updates": 100}, (0, 50, 100, 200))
    np.testing.assert_allclose(found, [0.1, 0.05, 0.0, 0.0], atol=1e-8)
    found = rates({"cosine_updates": 100, "warmup_updates": 20}, (0, 10, 20, 60, 100, 200))
    np.testing.assert_allclose(found, [0.0, 0.05, 0.1, 0.05, 0.0, 0.0], atol=1e-8)


@pytest.mark.parametrize(
    "section",
    [
        {"warmup_updates": 10},
        {"warmup_updates": 10, "linear_updates": 100},
        {"warmup_updates": 100, "cosine_updates": 100},
    ],
)
def test_a_rise_needs_a_longer_cosine(section):
    with pytest.raises(ValueError, match="`optimizers.critic.warmup_updates` must"):
        rates(section, (0,))


@pytest.mark.parametrize("name", ["gan", "lsgan", "sngan", "wgan_gp", "max_gp"])
def test_lipschitz_gans_by_their_names(name):
    from configs import lipschitz_mnist

    config = lipschitz_mnist.get_config(name)
    config.model.generator.width = config.model.critic.width = 4
    model = builders.build_model(config, (28, 28, 1))
    assert isinstance(model, models.LipschitzGAN) and model.batch_size == 64
    phi, penalty, generator_loss, spectral = lipschitz_mnist.METHODS[name]
    assert model.phi == model_builders.PHIS[phi]
    assert model.generator_loss is model_builders.GENERATOR_LOSSES[generator_loss]
    assert (model.penalty is None) == (penalty is None)
    kinds = {type(layer).__name__ for layer in model.critic.layers}
    assert ("SpectralNormalization" in kinds) == spectral
