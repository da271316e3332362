"""What `LipschitzGAN` logs, saves and refuses; its steps are in `lipschitz_gan_test.py`."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import losses, models, ops
from keras_ot_gans.losses import penalties
from tests.models.cases import CASES, generator, value
from tests.models.harness import states
from tests.models.lipschitz_cases import G_BATCH, LABELS, B, D, gan, packed, weights
from tests.models.lipschitz_reference import RATE

# --- logs ---


def test_effective_constants_are_those_of_the_generator_batch():
    model = gan("hinge", effective_constants=True)
    z = ops.Normal().sample((G_BATCH, 3), model.seed_generator)
    x, logits = (v.numpy() for v in (model.generator(z), model.critic(model.generator(z))))
    loss = tf.reduce_mean(logits)
    model._record_generator(loss, z, tf.constant(x), tf.constant(logits))
    logs = model.logs()
    for name, points in (("K_eff", x), ("k_eff", z.numpy())):
        pairs = [(i, j) for i in range(G_BATCH) for j in range(i)]
        slopes = [
            abs(logits[i, 0] - logits[j, 0]) / np.linalg.norm(points[i] - points[j])
            for i, j in pairs
        ]
        np.testing.assert_allclose(float(logs[name]), max(slopes), rtol=1e-5)
    model.reset_metrics()
    model.train_step(packed(0))
    assert {float(m.count) for m in model.metrics if m.name in ("K_eff", "k_eff")} == {1.0}


def test_only_what_exists_is_logged():
    def names(**kwargs):
        return {m.name for m in models.LipschitzGAN(generator(), value(), **kwargs).metrics}

    assert names() == {"critic_loss", "generator_loss"}
    assert names(penalty=penalties.r1()) - names() == {"penalty", "largest_slope"}
    assert names(effective_constants=True) - names() == {"K_eff", "k_eff"}


# --- consistency ---


def test_consistency_compares_two_passes_with_dropout_of_their_own():
    model = CASES["ct_gan"].compiled(run_eagerly=True)
    x = tf.random.normal((8, 2))
    passes = []
    model._two_passes = _recorded(model._two_passes, passes)
    term = float(model._disagreement(x, None))
    (f_a, h_a), (f_b, h_b) = ([v.numpy() for v in one] for one in passes)
    assert (h_a != h_b).any()
    apart = np.square(f_a - f_b)[:, 0] + 0.1 * np.square(h_a - h_b).mean(axis=1)
    np.testing.assert_allclose(term, 2.0 * apart.mean(), rtol=1e-5)
    # The penalty too sees dropout, and the evaluation none.
    logs = model.test_step(x)
    assert float(logs["consistency"]) == 0.0


def _recorded(function, calls):
    def record(*args, **kwargs):
        calls.append(function(*args, **kwargs))
        return calls[-1]

    return record


def test_consistency_moves_the_critic():
    def moved(weight):
        keras.utils.set_random_seed(0)
        model = CASES["ct_gan"].make()
        model.consistency = losses.Consistency(weight)
        model.compile({r: keras.optimizers.SGD(RATE) for r in model.networks}, run_eagerly=True)
        model.train_step(packed(0)[:, 0])
        return np.concatenate([w.ravel() for w in weights(model, "critic")])

    assert np.abs(moved(0.0) - moved(5.0)).max() > 1e-4


# --- state ---


def test_buffer_and_dropout_are_part_of_the_saved_state(tmp_path):
    model = gan("max_gp", LABELS)
    y = np.array([[0, 1], [2, 2], [1, 0], [0, 0]])
    model.train_step((packed(0), y))
    kept = dict(states(model))
    ours = {v.path for v in model.slope_penalty.buffer.variables}
    assert {path.split("/")[-1] for path in ours} == {"points", "point_labels", "refreshes"}
    assert ours < set(kept)  # what the harness compares after loading
    assert np.abs(model.slope_penalty.buffer.points.numpy()).min() > 0
    model.save_weights(tmp_path / "gan.weights.h5")
    loaded = gan("max_gp", LABELS)
    loaded.load_weights(tmp_path / "gan.weights.h5")
    for name in ("points", "point_labels", "refreshes"):
        mine, theirs = (getattr(m.slope_penalty.buffer, name) for m in (model, loaded))
        np.testing.assert_array_equal(mine, theirs)
    with_dropout = CASES["ct_gan"].make()
    seeds = [v.path for v in with_dropout._seed_states()]
    assert len(seeds) == len(set(seeds)) == 3  # training, samples, dropout


# --- refusals ---


BAD = {
    "falling phi": (ValueError, "`phi` must be increasing", {"phi": lambda x: -x}),
    "concave phi": (
        ValueError,
        "`phi` must be increasing",
        {"phi": lambda x: keras.ops.sin(x)},
    ),
    "phi of a name": (TypeError, "`phi` must be a function", {"phi": "hinge"}),
    "penalty": (TypeError, "`penalty` must be None or a `losses.Penalty`", {"penalty": "gp"}),
    "consistency": (TypeError, "`consistency` must be None or", {"consistency": 2.0}),
    "generator_loss": (TypeError, "`generator_loss` must be", {"generator_loss": "linear"}),
    "labels": (TypeError, "`labels` must be None, an `ops.Labels`", {"labels": 3}),
    "batch_size missing": (
        ValueError,
        "`batch_size` must be given for a penalty with a buffer",
        {"penalty": penalties.max_gradient_penalty()},
    ),
    "batch_size": (ValueError, "`batch_size` must be None or at least 1", {"batch_size": 0}),
    "generator_batch": (ValueError, "`generator_batch` must be None or", {"generator_batch": 0}),
    "critic_steps": (ValueError, "`critic_steps` must be at least 1", {"critic_steps": 0}),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arguments_are_refused(name):
    kind, message, kwargs = BAD[name]
    with pytest.raises(kind, match=message):
        models.LipschitzGAN(generator(), value(), **kwargs)


def test_phi_outside_the_family_draws_a_warning():
    with pytest.warns(UserWarning, match="not increasing and convex everywhere"):
        models.LipschitzGAN(generator(), value(), phi=keras.ops.relu)


@pytest.mark.parametrize("where", ["array", "dataset"])
def test_buffer_wants_the_batches_it_was_made_for(where):
    model = gan("max_gp", critic_steps=1)
    x = packed(0, 5).reshape(-1, D)
    size = {"batch_size": 8}
    if where == "dataset":
        x, size = tf.data.Dataset.from_tensor_slices(x).batch(8, drop_remainder=True), {}
    with pytest.raises(ValueError, match="`batch_size` must be the model's, 4.*batches of 8"):
        model.fit(x, verbose=0, **size)
    assert model.step == 0


def test_last_batch_must_hold_the_buffer():
    model = gan("max_gp", critic_steps=1)
    with pytest.raises(ValueError, match="must not leave a last batch smaller than the buffer"):
        model.fit(packed(0, 3).reshape(-1, D)[:9], batch_size=B, verbose=0)
    assert model.step == 0
    x = packed(0, 2).reshape(-1, D)[:6]
    model.fit(x, batch_size=B, verbose=0)  # the last batch is the buffer alone
    assert model.step == 2
    # The form of such a dataset does not tell: the step itself refuses.
    data = tf.data.Dataset.from_tensor_slices(x[:5]).batch(B)
    with pytest.raises(ValueError, match=r"`x` must have shape \(b, 2\) with b >= 2"):
        model.fit(data, verbose=0)
    model.run_eagerly = False
    model.make_train_function(force=True)
    with pytest.raises(ValueError, match=r"^`x` must have at least 2 rows.*smaller batch\.$"):
        model.fit(data, verbose=0)
