"""Arrays as datasets: the order is a function of (seed, epoch), values are exact."""

import gc

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import datasets
from keras_ot_gans.datasets import EpochShuffle, from_array


def rows(n):
    """Samples that tell their own index."""
    return np.arange(n, dtype=np.float32)[:, None]


def order_of(dataset, batches=None):
    taken = dataset if batches is None else dataset.take(batches)
    return np.concatenate([np.asarray(b)[:, 0] for b in taken]).astype(int).tolist()


def expected(order, n, epoch, kept=None):
    return order.permutation(n, epoch)[:kept].tolist()


def test_each_pass_is_the_next_epoch():
    order = EpochShuffle(seed=5)
    dataset = from_array(rows(20), 5, seed=order)
    passes = [order_of(dataset) for _ in range(3)]
    assert passes == [expected(order, 20, e) for e in range(3)]
    assert all(sorted(p) == list(range(20)) for p in passes)
    assert passes[0] != passes[1] != passes[2]
    assert order.epoch == 3


def test_order_depends_on_seed_and_epoch_alone():
    a, b = (from_array(rows(50), 10, seed=7) for _ in range(2))
    assert order_of(a) == order_of(b)
    assert order_of(a) == order_of(b)
    assert order_of(from_array(rows(50), 10, seed=8)) != order_of(from_array(rows(50), 10, seed=7))


def test_set_epoch_resumes_at_that_epoch():
    straight = from_array(rows(20), 5, seed=1)
    epochs = [order_of(straight) for _ in range(5)]
    resumed = from_array(rows(20), 5, seed=1)
    resumed.epoch_shuffle.set_epoch(3)
    assert [order_of(resumed) for _ in range(2)] == epochs[3:]
    resumed.epoch_shuffle.set_epoch(1)
    assert order_of(resumed) == epochs[1]


def test_a_pass_under_way_keeps_its_order():
    order = EpochShuffle(seed=0)
    dataset = from_array(rows(40), 4, seed=order)
    iterator = iter(dataset)
    seen = [next(iterator)]
    order.set_epoch(9)
    seen += list(iterator)
    assert np.concatenate(seen)[:, 0].astype(int).tolist() == expected(order, 40, 0)
    assert order_of(dataset) == expected(order, 40, 9)


def test_repeat_runs_through_epochs_in_one_pass():
    order = EpochShuffle(seed=2)
    dataset = from_array(rows(11), 4, seed=order, repeat=True)
    assert int(dataset.cardinality()) == tf.data.INFINITE_CARDINALITY
    order.set_epoch(6)
    # No batch spans two epochs: each epoch gives 2 batches of 4 and drops 3 samples.
    want = [i for e in (6, 7, 8) for i in expected(order, 11, e, kept=8)]
    assert order_of(dataset, batches=6) == want


@pytest.mark.parametrize("built", [True, False])
def test_fit_goes_through_the_epochs_and_resumes(built):
    """What `fit` sees in epochs 0..3 is what a second process sees from epoch 2 on."""

    class Spy(keras.Model):
        def __init__(self):
            super().__init__()
            self.seen = []
            self.scale = keras.layers.Dense(1)
            if built:
                self.scale.build((None, 1))
                self.built = True

        def call(self, x):
            return self.scale(x)

        def train_step(self, data):
            tf.numpy_function(lambda x: self.seen.append(x[:, 0].astype(int).tolist()), [data], [])
            return {"loss": tf.reduce_mean(data)}

    class SetEpoch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            dataset.epoch_shuffle.set_epoch(epoch)

    dataset = from_array(rows(12), 4, seed=3)
    model = Spy()
    model.compile()
    model.fit(dataset, epochs=4, verbose=0, shuffle=False)
    order = EpochShuffle(seed=3)
    want = [expected(order, 12, e) for e in range(4)]
    seen = np.reshape(model.seen, (4, 12)).tolist()
    if built:  # an unbuilt model is built on a batch of its own, which uses up an epoch
        assert seen == want
    assert len({tuple(epoch) for epoch in seen}) == 4

    resumed = Spy()
    resumed.compile()
    callbacks = [SetEpoch()]
    resumed.fit(dataset, epochs=4, initial_epoch=2, verbose=0, shuffle=False, callbacks=callbacks)
    assert np.reshape(resumed.seen, (2, 12)).tolist() == want[2:]


def test_unshuffled_keeps_the_order():
    dataset = from_array(rows(7), 3, shuffle=False, drop_remainder=False)
    assert order_of(dataset) == list(range(7)) == order_of(dataset)


@pytest.mark.parametrize(
    ("drop", "batches", "sizes"), [(True, 3, [3] * 3), (False, 4, [3, 3, 3, 1])]
)
def test_cardinality_and_last_batch(drop, batches, sizes):
    dataset = from_array(rows(10), 3, drop_remainder=drop)
    assert int(dataset.cardinality()) == batches
    assert [len(b) for b in dataset] == sizes
    assert dataset.element_spec.shape == ([3, 1] if drop else [None, 1])


def test_bytes_are_scaled_exactly():
    x = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    (batch,) = from_array(x, 1)
    assert batch.dtype == tf.float32
    # float32 division is exact to half a unit in the last place at 2, then at 1.
    np.testing.assert_allclose(batch[0, ..., 0], x[0, ..., 0] / 127.5 - 1, atol=2.5e-7)
    assert float(batch[0, 0, 0, 0]) == -1 and float(batch[0, -1, -1, 0]) == 1
    np.testing.assert_array_equal(tf.round((batch + 1) * 127.5), x.astype(np.float32))


def test_floats_pass_unchanged_and_labels_stay_with_their_samples():
    x = np.linspace(-1, 1, 24).reshape(6, 2, 2, 1)
    dataset = from_array(x, 3, labels=np.arange(6))
    for images, labels in dataset:
        np.testing.assert_array_equal(images, x.astype(np.float32)[labels])
    points = np.array([[3.0], [-40.0]])  # points are not limited to [-1, 1]
    assert sorted(np.concatenate(list(from_array(points, 1))).ravel()) == [-40.0, 3.0]


def test_flip_mirrors_half_of_the_images_anew_in_each_epoch():
    n = 400
    x = np.zeros((n, 1, 2, 1), np.uint8)
    x[:, 0, 0, 0] = 255  # the bright pixel is on the left
    order = EpochShuffle(seed=0)
    dataset = from_array(x, 100, labels=np.arange(n), seed=order, flip=True)
    epochs = []
    for epoch in range(2):
        mirrored = np.zeros(n, bool)
        for images, index in dataset:
            mirrored[index.numpy()] = images.numpy()[:, 0, 1, 0] > 0
        np.testing.assert_array_equal(mirrored, order.flips(n, epoch))
        assert abs(mirrored.mean() - 0.5) < 5 * 0.5 / np.sqrt(n)  # 5 standard deviations
        epochs.append(mirrored)
    assert 0.3 < (epochs[0] != epochs[1]).mean() < 0.7


def test_dataset_outlives_its_maker():
    iterator = iter(from_array(rows(10), 5))
    gc.collect()
    assert next(iterator).shape == (5, 1)


def test_works_inside_a_strategy_scope():
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    with strategy.scope():
        order = EpochShuffle(seed=4)
        dataset = from_array(rows(8), 4, seed=order)
    distributed = strategy.experimental_distribute_dataset(dataset)
    for epoch in range(2):
        seen = np.concatenate([b[:, 0] for b in distributed]).astype(int).tolist()
        assert seen == expected(order, 8, epoch)


def test_permutations_are_uniform():
    # Each of 6 orders of 3 samples, over 3000 epochs; 5 standard deviations of a count.
    order = EpochShuffle(seed=0)
    counts = {}
    for epoch in range(3000):
        key = tuple(order.permutation(3, epoch))
        counts[key] = counts.get(key, 0) + 1
    assert len(counts) == 6
    np.testing.assert_allclose(list(counts.values()), 500, atol=5 * np.sqrt(3000 * 5 / 36))


BAD_ROW = np.zeros((6, 2))
BAD_ROW[4, 1] = np.nan
BAD_IMAGE = np.zeros((6, 2, 2, 1), np.float32)
BAD_IMAGE[3, 0, 0, 0] = np.inf


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (BAD_ROW, "`x` must be finite. Received: 1 of 6 rows .* the first is row 4"),
        (BAD_IMAGE, "the first is row 3"),
        (np.full((1, 1), 1e300), "the first is row 0"),  # infinite in float32
        (np.zeros((5, 28, 28)), r"rank 2.* rank 4.*Received: shape \(5, 28, 28\).*x\[..., None\]"),
        (np.zeros(5), r"Received: shape \(5,\).*x\[:, None\]"),
        (np.zeros((0, 2)), "at least one sample"),
        (np.full((2, 4, 4, 1), 200.0), r"\[-1, 1\]. Received: values from 200 to 200.*astype"),
        (np.full((2, 4, 4, 1), -3.0), r"Received: values from -3 to -3. Scale it"),
    ],
)
def test_bad_samples_are_named(x, message):
    with pytest.raises(ValueError, match=message):
        from_array(x, 1)


@pytest.mark.parametrize("dtype", [np.int64, bool, object, "U1"])
def test_bad_types_are_named(dtype):
    with pytest.raises(TypeError, match="`x` must be uint8 or float. Received: dtype"):
        from_array(np.zeros((2, 2)).astype(dtype), 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "`batch_size` must be a positive int. Received: batch_size=0"),
        ({"batch_size": 2.0}, "`batch_size` must be a positive int"),
        ({"batch_size": 5}, "must not exceed the number of samples, 4. Received: batch_size=5"),
        ({"batch_size": 2, "labels": [1, 2]}, "`labels` must hold one label per sample"),
        ({"batch_size": 2, "seed": -1}, "`seed` must be an int, 0 or more. Received: seed=-1"),
        ({"batch_size": 2, "seed": None}, "`seed` must be an int"),
        ({"batch_size": 2, "flip": True}, "`flip` needs images"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        from_array(np.zeros((4, 2)), **arguments)
    with pytest.raises(ValueError, match="`epoch` must be 0 or more"):
        datasets.EpochShuffle().set_epoch(-1)
