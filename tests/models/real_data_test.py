import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import models, networks
from keras_ot_gans.models import real_data
from tests.models.cases import CASES, adam, generator, navigator
from tests.models.harness import states

X = np.random.default_rng(0).normal(size=(24, 2)).astype("float32")


def gan(run_eagerly=False, **kwargs):
    keras.utils.set_random_seed(0)
    model = models.ACTGAN(generator(batch_norm=True), navigator(), seed=1, **kwargs)
    model.compile(adam(model), run_eagerly=run_eagerly)
    return model


def image_gan(run_eagerly=True):
    model = models.ACTGAN(
        networks.dcgan_generator(3, (8, 8, 1), width=2),
        networks.dcgan_critic((8, 8, 1), 4, width=2),
    )
    model.compile(adam(model), run_eagerly=run_eagerly)
    return model


def spoiled(row, value=np.nan):
    x = X.copy()
    x[row, 1] = value
    return x


def as_array(x):
    return x


def as_dataset(x):
    return tf.data.Dataset.from_tensor_slices(x).batch(8)


PATTERNS = np.zeros((8, 8, 8, 1), "float32")
BAD = {
    "NaN": (gan, spoiled(5), r"`x` must be finite.*NaN or infinity, first in row 5"),
    "infinity": (gan, spoiled(7, -np.inf), r"`x` must be finite.*row 7"),
    "uint8": (
        image_gan,
        PATTERNS.astype("uint8"),
        r"`x` must be floating point. Received: dtype uint8.*from_array",
    ),
    "integers": (gan, X.astype("int64"), r"`x` must be floating point. Received: dtype int64"),
    "range 255": (
        image_gan,
        PATTERNS + np.float32(255),
        r"`x` must hold images in \[-1, 1\]. Received: values from 255 to 255.*127\.5",
    ),
    "range -1.1": (image_gan, PATTERNS - np.float32(1.1), r"values from -1\.1 to -1\.1"),
    "rank": (gan, X[:, 0], r"`x` must have the shape .*\(B, 2\).*Received: shape"),
    "width": (gan, X[:, :1], r"`x` must have the shape of the generator's samples, \(B, 2\)"),
    "image size": (image_gan, PATTERNS[:, :4], r"\(B, 8, 8, 1\)\. Received: shape \(.*4, 8, 1\)"),
    "channels": (image_gan, PATTERNS[..., 0], r"\(B, 8, 8, 1\)\. Received: shape \(.*8, 8\)"),
    "packed": (gan, np.zeros((8, 3, 2), "float32"), r"`x` must hold 1 batches along axis 1"),
    "empty": (gan, X[:0], r"`x` must not be empty"),
}


@pytest.mark.parametrize("method", ["fit", "evaluate"])
@pytest.mark.parametrize("wrap", [as_array, as_dataset])
@pytest.mark.parametrize("name", BAD)
def test_bad_data_get_one_clear_error(name, wrap, method):
    make, x, message = BAD[name]
    model = make(run_eagerly=True)
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(wrap(x), verbose=0)
    assert model.step == 0


def test_row_is_counted_in_the_batch_that_holds_it_and_nothing_is_lost():
    model, twin = gan(), gan()
    with pytest.raises(ValueError, match="first in row 3 of its batch"):
        model.fit(as_dataset(spoiled(11)), verbose=0)
    # The good batch before it was used; the bad one moved neither a weight nor a counter.
    twin.fit(as_dataset(X[:8]), verbose=0)
    for (path, a), (_, b) in zip(states(model), states(twin), strict=True):
        if "seed_generator" not in path:
            np.testing.assert_array_equal(a, b, err_msg=path)


def test_a_rounding_beyond_the_range_is_no_error():
    image_gan().fit(PATTERNS + np.float32(1.0005), verbose=0)


def test_points_may_have_any_range():
    model = gan(run_eagerly=True)
    model.fit(X * 100, verbose=0)
    assert model.step == 1


# --- labels ---

Y = np.arange(24) % 2


BAD_LABELS = {
    "too large": (Y + 1, r"`y` must lie in \[0, 1\] for 2 classes. Received: labels from 1 to 2"),
    "negative": (Y - 1, r"`y` must lie in \[0, 1\].*from -1 to 0"),
    "floats": (Y.astype("float32"), "`y` must .*integer.*float32.*argmax"),
    "one-hot": (np.eye(2, dtype="float32")[Y], "`y` must .*integer.*argmax"),
    "one-hot integers": (np.eye(2, dtype="int32")[Y], "`y` must .*integer.*argmax"),
    "column": (Y[:, None], "`y` must .*integer.*"),
    "none": (None, "`y` must hold the labels of a conditional model"),
}


@pytest.mark.parametrize("method", ["fit", "evaluate"])
@pytest.mark.parametrize("wrap", [as_array, as_dataset])
@pytest.mark.parametrize("name", BAD_LABELS)
def test_bad_labels_get_one_clear_error(name, wrap, method):
    y, message = BAD_LABELS[name]
    model = CASES["conditional"].compiled(run_eagerly=True)
    data = (X, y) if y is not None else (X,)
    data = data if wrap is as_array else (as_dataset(data if y is not None else X),)
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(*data, verbose=0)
    assert model.step == 0


def test_labels_are_packed_as_the_samples_are():
    model = CASES["conditional"].compiled(run_eagerly=True)
    x, y = X.reshape(12, 2, 2), Y.reshape(12, 2)
    model.fit(as_dataset((x, y)), verbose=0)
    assert model.step == 2
    for wrong in ((X, y[:, :1].repeat(2, 0)), (x, Y[:12]), (x, np.eye(2)[Y[:12]])):
        with pytest.raises(ValueError, match="`y` must hold integer labels"):
            model.fit(as_dataset(wrong), verbose=0)


def test_labels_out_of_range_in_a_compiled_step():
    model = CASES["conditional"].compiled()
    data = as_dataset((X, np.where(np.arange(24) == 13, 7, Y)))
    with pytest.raises(ValueError, match=r"^`y` must lie in \[0, 1\].*from 0 to 7.*more labels\.$"):
        model.fit(data, verbose=0)
    assert model.step == 1  # the good batch before it was used


def test_labels_of_other_models_are_not_looked_at():
    gan(run_eagerly=True).fit(as_dataset((X, np.eye(5)[Y])), verbose=0)


# --- lengths ---


def uncounted(labels=False):
    data = tf.data.Dataset.from_tensor_slices((X, np.arange(24)) if labels else X).batch(8)
    return data.filter(lambda *_: True)


@functools.cache
def counted():
    """A model after two epochs of counted data, and their history; do not train it."""
    model = gan()
    return model, model.fit(
        as_dataset(X), validation_data=as_dataset(X), epochs=2, verbose=0
    ).history


@pytest.mark.parametrize("labels", [False, True])
def test_uncounted_datasets_take_exactly_their_steps(labels):
    assert int(uncounted().cardinality()) == tf.data.UNKNOWN_CARDINALITY
    model, (twin, expected) = gan(), counted()
    data, validation = uncounted(labels), uncounted(labels)
    assert model.fit(data, validation_data=validation, epochs=2, verbose=0).history == expected
    # Two epochs of three steps each; evaluation has a stream of its own.
    assert model.step == int(model.optimizer_of("navigator").iterations) == 6
    assert int(model.seed_generator.state[1]) == int(model.sample_seed.state[1]) == 6
    assert {float(tracker.count) for tracker in model.metrics} == {3.0}
    for (path, a), (_, b) in zip(states(model), states(twin), strict=True):
        np.testing.assert_array_equal(a, b, err_msg=path)


def test_uncounted_dataset_is_evaluated_in_exactly_its_steps():
    model, twin = gan(), gan()
    values = model.evaluate(uncounted(), verbose=0, return_dict=True)
    assert int(model.sample_seed.state[1]) == 3
    assert values == twin.evaluate(as_dataset(X), verbose=0, return_dict=True)


def test_bad_validation_data_are_named():
    with pytest.raises(ValueError, match="`validation_data` must be finite"):
        gan(True).fit(as_dataset(X), validation_data=as_dataset(spoiled(3)), verbose=0)


def test_endless_dataset_needs_its_steps():
    endless = as_dataset(X).repeat()
    with pytest.raises(ValueError, match="`steps_per_epoch` must be given with an endless `x`"):
        gan().fit(endless, verbose=0)
    with pytest.raises(ValueError, match="`steps` must be given with an endless `x`"):
        gan().evaluate(endless, verbose=0)
    model = gan()
    model.fit(endless, steps_per_epoch=4, epochs=2, verbose=0)
    assert model.step == 8


def test_dataset_of_no_batch_is_refused():
    nothing = tf.data.Dataset.from_tensor_slices(X).batch(100, drop_remainder=True)
    for data in (nothing, nothing.filter(lambda _: True)):
        with pytest.raises(ValueError, match="`x` must not be empty.*drop_remainder"):
            gan().fit(data, verbose=0)


def test_checking_does_not_change_the_order_of_the_data(monkeypatch):
    seen = []

    def shuffled():
        return tf.data.Dataset.from_tensor_slices(X).shuffle(24, seed=3).batch(8)

    class Seen(models.ACTGAN):
        def passes(self, data):
            seen.append(np.array(data))
            return super().passes(data)

    def batches():
        seen.clear()
        model = Seen(generator(), navigator(), seed=1)
        model.compile(adam(model), run_eagerly=True)
        model.fit(shuffled(), epochs=2, verbose=0)
        return np.array(seen)

    checked = batches()
    monkeypatch.setattr(real_data, "checked", lambda x, *_: x)
    np.testing.assert_array_equal(checked, batches())
    assert np.abs(checked[:3] - checked[3:]).max() > 0


@pytest.mark.parametrize("shape", [(8, 2, 2), (8, 3, 2)])
def test_packed_batches_must_match_the_round(shape):
    model = gan(run_eagerly=True, generator_steps=2)
    x = np.zeros(shape, "float32")
    if shape[1] == 2:
        model.fit(as_dataset(x), verbose=0)
        assert model.step == 2
    else:
        with pytest.raises(ValueError, match=r"`x` must hold 2 batches along axis 1.*in_rounds"):
            model.fit(as_dataset(x), verbose=0)


@pytest.mark.parametrize("steps", [0, -1])
def test_an_epoch_without_rounds_is_refused(steps):
    # Keras would run on for ever on endless data.
    model = gan()
    endless = tf.data.Dataset.from_tensors(X).repeat()
    with pytest.raises(ValueError, match="`steps_per_epoch` must be None or at least 1"):
        model.fit(endless, steps_per_epoch=steps, verbose=0)
    assert model.step == 0


@pytest.mark.parametrize("chosen", [None, True, False])
def test_tuning_thread_is_off_unless_the_user_decides(chosen):
    # At the end of an iterator, that thread is waited for, for up to a minute.
    data = tf.data.Dataset.from_tensors(np.zeros((4, 2), "float32"))
    if chosen is not None:
        options = tf.data.Options()
        options.autotune.enabled = chosen
        data = data.with_options(options)
    assert real_data.checked(data, (2,), 1).options().autotune.enabled is bool(chosen)


def test_uneven_shares_are_refused(monkeypatch):
    class Two:
        num_replicas_in_sync = 2

    model = CASES["sliced"].compiled()
    monkeypatch.setattr(type(model), "distribute_strategy", Two())
    for rows, batch_size, received in ((33, 33, 33), (35, 16, 3)):
        with pytest.raises(ValueError, match=rf"multiples of 2\. Received: a batch of {received}"):
            model.fit(np.zeros((rows, 2), "float32"), batch_size=batch_size)
    odd = tf.data.Dataset.from_tensor_slices(np.zeros((9, 2), "float32"))
    with pytest.raises(ValueError, match="Received: a batch of 3"):
        model.fit(odd.batch(3, drop_remainder=True))
