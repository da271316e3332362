"""What `DOTSampler` refuses, and how it says so."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.ops.labels import Labels
from keras_ot_gans.samplers import DOTSampler


def generator(z):
    return 2.0 * z


def critic(x):
    return x[:, 0]


def make(g=generator, d=critic, **kwargs):
    return DOTSampler(g, d, **{"latent_dim": 2, "batch_size": 3, **kwargs})


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"space": "image"}, "`space` must be one of latent, data"),
        ({"updates": -1}, "`updates` must be an integer of at least 0"),
        ({"pairs": 0}, "`pairs` must be an integer of at least 1"),
        ({"repeats": 0}, "`repeats` must be an integer of at least 1"),
        ({"reduce": "sum"}, "`reduce` must be one of max, mean"),
        ({"delta": -1.0}, "`delta` must be >= 0"),
        ({"projection": "tangent"}, "`projection` must be one of corrected, paper, none"),
        ({"tolerance": -1.0}, "`tolerance` must be None or >= 0"),
        ({"tolerance": float("nan")}, "`tolerance` must be None or >= 0"),
        ({"k_eff": 0.0}, "`k_eff` must be positive and finite"),
        ({"k_eff": -1.0}, "`k_eff` must be positive and finite"),
        ({"k_eff": float("inf")}, "`k_eff` must be positive and finite"),
        ({"k_eff": float("nan")}, "`k_eff` must be positive and finite"),
        ({"k_eff": 1e-60}, "`k_eff` must be positive and finite"),
        ({"k_eff": [1.0, 2.0]}, "`k_eff` must be a number. Received: shape"),
    ],
)
def test_a_number_out_of_range(wrong, words):
    with pytest.raises(ValueError, match=words):
        make(**wrong)


@pytest.mark.parametrize("name", ["updates", "pairs", "repeats"])
@pytest.mark.parametrize("value", [1.5, 100.0, None])
def test_a_number_that_is_no_integer(name, value):
    with pytest.raises(TypeError, match=f"`{name}` must be an integer.*Received: {name}={value}"):
        make(**{name: value})


def test_one_constant_for_each_label():
    kwargs = {"g": lambda inputs: inputs[0], "d": lambda inputs: inputs[0][:, 0]}
    with pytest.raises(ValueError, match="one for each of 3 labels. Received: shape"):
        make(labels=Labels(3), k_eff=[1.0, 2.0], **kwargs)
    with pytest.raises(ValueError, match="`k_eff` must be positive"):
        make(labels=Labels(2), k_eff=[1.0, 0.0], **kwargs)
    assert make(labels=Labels(2), k_eff=4.0, **kwargs).k_eff == 4.0


@pytest.mark.parametrize(
    "flat", [lambda x: 0.0 * x[:, 0], lambda x: x[:, 0] / 0.0, lambda x: np.nan * x[:, 0]]
)
def test_an_estimate_of_nothing_or_too_much(flat):
    sampler = make(d=flat)
    with pytest.raises(ValueError, match="`k_eff` must be positive and finite.*estimate of 0"):
        sampler.sample(3)


def test_a_generator_of_one_point_has_no_estimate_in_data_space():
    sampler = make(g=lambda z: 0.0 * z + 3.0, space="data")
    with pytest.raises(ValueError, match="Received: k_eff=0.0"):
        sampler.sample(3)


@pytest.mark.parametrize("space", ["latent", "data"])
def test_a_critic_without_a_gradient(space):
    def frozen(x):
        return tf.stop_gradient(x[:, 0])

    with pytest.raises(ValueError, match="must be differentiable"):
        make(d=frozen, space=space)


def test_a_generator_without_a_gradient():
    with pytest.raises(ValueError, match="`critic` and `generator` must be differentiable"):
        make(g=lambda z: tf.stop_gradient(z))
    make(g=lambda z: tf.stop_gradient(z), space="data")


def test_a_critic_of_features_and_none():
    with pytest.raises(ValueError, match="one number per sample"):
        make(d=lambda x: x)
    with pytest.raises(ValueError, match="`critic` must be given for DOTSampler"):
        make(d=None)


@pytest.mark.parametrize("start", [np.zeros((3, 5)), np.zeros(2), np.zeros((0, 2))])
def test_points_of_another_shape(start):
    with pytest.raises(ValueError, match="`start` must hold points of the latent space, .n, 2."):
        make(k_eff=1.0).transport(start)


def test_labels_missing_superfluous_or_too_few():
    with pytest.raises(ValueError, match="`labels` must be None"):
        make(k_eff=1.0).transport(np.zeros((3, 2)), labels=[0, 0, 0])
    sampler = make(
        lambda inputs: inputs[0], lambda inputs: inputs[0][:, 0], labels=Labels(2), k_eff=1.0
    )
    with pytest.raises(ValueError, match="`labels` must be given"):
        sampler.transport(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="one label per sample, 3"):
        sampler.transport(np.zeros((3, 2)), labels=[0])
    with pytest.raises(ValueError, match="must lie in"):
        sampler.transport(np.zeros((3, 2)), labels=[0, 1, 2])


def test_divergence_is_said():
    # A bowl upside down: every step of SGD goes farther.
    sampler = make(
        d=lambda x: tf.reduce_sum(x**4, axis=1), k_eff=1.0, updates=50, projection="none",
        optimizer=keras.optimizers.SGD(1.0),
    )  # fmt: skip
    with pytest.raises(ValueError, match="`optimizer` must keep samples finite.*diverged"):
        sampler.sample(3)


# --- optimizers ---


@pytest.mark.parametrize(
    "extra",
    [
        {"clipnorm": 1.0},
        {"global_clipnorm": 1.0},
        {"weight_decay": 0.1},
        {"use_ema": True},
        {"gradient_accumulation_steps": 2},
        {"loss_scale_factor": 2.0},
    ],
)
def test_optimizers_that_know_more_than_a_sample(extra):
    name = next(iter(extra))
    with pytest.raises(ValueError, match=f"each sample alone. Received: Adam with {name}="):
        make(optimizer=keras.optimizers.Adam(**extra))


def test_optimizers_that_mix_or_wrap():
    for optimizer in (
        keras.optimizers.Lamb(0.1),
        keras.optimizers.Adafactor(0.1),
        keras.optimizers.Muon(0.1, weight_decay=None, adam_weight_decay=None),
        keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD()),
    ):
        kind = type(optimizer).__name__
        with pytest.raises(ValueError, match=f"each sample alone.*Received: {kind}"):
            make(optimizer=optimizer)
    with pytest.raises(ValueError, match="Received: AdamW with weight_decay"):
        make(optimizer=keras.optimizers.AdamW(0.1))


def test_what_is_no_optimizer():
    with pytest.raises(TypeError, match="`optimizer` must be a Keras optimizer. Received: str"):
        make(optimizer="sgd")


def test_an_optimizer_is_copied():
    optimizer = keras.optimizers.Adam(0.1)
    kwargs = {"optimizer": optimizer, "k_eff": 1.0, "updates": 2}
    first, second = make(**kwargs), make(**{**kwargs, "batch_size": 5})
    assert not optimizer.built
    assert first.sample(2).shape == second.sample(2).shape == (2, 2)


class Halving(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule that Keras cannot rebuild: it is not registered."""

    def __call__(self, step):
        return 0.5 / 2.0 ** tf.cast(step, "float32")

    def get_config(self):
        return {}


def test_a_schedule_of_ones_own():
    sampler = make(
        d=lambda x: x[:, 0], g=lambda z: z, space="data", k_eff=1.0, naive=True, updates=3,
        optimizer=keras.optimizers.SGD(Halving()),
    )  # fmt: skip
    # The gradient is 1: rates 1/2, 1/4, 1/8, all exact in float32, and the same in each batch.
    for _ in range(2):
        np.testing.assert_array_equal(sampler.transport([[0.0, 0.0]]).samples, [[0.875, 0.0]])
    assert "SGD(learning_rate=Halving()" in sampler.describe()
