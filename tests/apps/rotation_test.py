"""Which checkpoints stay, also of a run that has diverged."""

import pytest
import tensorflow as tf

from apps import builders, checkpoints, rotation


@pytest.fixture
def model(swd_config):
    return builders.build_model(swd_config, (2,))


@pytest.fixture
def callback(model, tmp_path):
    callback = rotation.Checkpoint(tmp_path, keep=2)
    callback.set_model(model)
    return callback


def names(folder):
    return [path.name.removesuffix(".weights.h5") for path in checkpoints.files(folder)]


def set_weights(model, value):
    for variable in model.generator.trainable_variables:
        variable.assign(tf.fill(variable.shape, value))


def test_the_last_few_stay(callback, tmp_path):
    for epoch in range(4):
        callback.on_epoch_end(epoch)
    assert names(tmp_path) == ["epoch_000003", "epoch_000004"]
    with pytest.raises(ValueError, match="`train.checkpoints_to_keep` must be at least 1"):
        rotation.Checkpoint(tmp_path, keep=0)


def test_the_last_few_stay_also_where_names_grow_longer(callback, tmp_path):
    for epoch in range(999_997, 1_000_001):
        callback.on_epoch_end(epoch)
        assert names(tmp_path)[-1] == f"epoch_{epoch + 1}"
    assert names(tmp_path) == ["epoch_1000000", "epoch_1000001"]
    assert rotation.newest_finite(tmp_path).name.startswith("epoch_1000001")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_the_newest_finite_one_stays_for_as_long_as_nothing_after_it_is(
    callback, model, tmp_path, value
):
    for epoch in range(2):
        callback.on_epoch_end(epoch)
    set_weights(model, value)
    for epoch in range(2, 6):
        callback.on_epoch_end(epoch)
    assert names(tmp_path) == ["epoch_000002", "epoch_000005", "epoch_000006"]
    assert rotation.newest_finite(tmp_path).name.startswith("epoch_000002")
    set_weights(model, 1.0)
    callback.on_epoch_end(6)
    assert names(tmp_path) == ["epoch_000006", "epoch_000007"]


def test_a_stop_within_an_epoch_stays_if_it_is_the_newest_finite_one(callback, model, tmp_path):
    callback.on_epoch_end(0)
    checkpoints.save(model, tmp_path, 1, 3)
    set_weights(model, float("nan"))
    for epoch in range(1, 4):
        callback.on_epoch_end(epoch)
    assert names(tmp_path) == ["epoch_000001_round_000003", "epoch_000003", "epoch_000004"]


def test_what_is_damaged_is_not_taken_for_finite(callback, model, tmp_path):
    for epoch in range(2):
        callback.on_epoch_end(epoch)
    path = checkpoints.files(tmp_path)[-1]
    path.write_bytes(path.read_bytes()[:-100])
    set_weights(model, float("nan"))
    for epoch in range(2, 5):
        callback.on_epoch_end(epoch)
    assert names(tmp_path) == ["epoch_000001", "epoch_000004", "epoch_000005"]
    assert rotation.newest_finite(tmp_path / "missing") is None
