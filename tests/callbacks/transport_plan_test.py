"""Plans of conditional models: the samples have the labels of the real ones."""

import numpy as np
import pytest

from keras_ot_gans import callbacks


class Conditional:
    """A model of points that says what it was asked for; class y lies at (y, y)."""

    step, labels = 3, "of a conditional model"

    def __init__(self):
        self.asked = []

    def sample(self, n, seed=None, labels=None):
        return np.repeat(np.asarray(labels, "float32")[:, None], 2, axis=1)

    def plans(self, x_real, x_fake, labels):
        self.asked.append((x_real, x_fake, labels))
        plan = np.full((len(x_real), len(x_fake)), 1 / len(x_fake))
        return plan, plan, plan


def test_samples_have_the_labels_of_their_real_partners(tmp_path):
    labels = np.random.default_rng(0).integers(0, 5, 40)
    real = np.repeat(labels[:, None], 2, axis=1) + 0.25
    callback = callbacks.TransportPlan(real, tmp_path, num=12, labels=labels)
    callback.set_model(Conditional())
    callback.on_train_begin()
    callback.on_epoch_end(0)
    ((x_real, x_fake, told),) = callback.model.asked
    assert len(x_real) == 12 and len(np.unique(told)) > 1
    np.testing.assert_array_equal(x_real - 0.25, x_fake)
    np.testing.assert_array_equal(x_fake[:, 0], told)


def test_labels_must_be_there_and_as_many(tmp_path):
    with pytest.raises(ValueError, match="`labels` must hold one label per real sample, 40"):
        callbacks.TransportPlan(np.zeros((40, 2)), tmp_path, labels=np.zeros(39, int))
    callback = callbacks.TransportPlan(np.zeros((40, 2)), tmp_path)
    callback.set_model(Conditional())
    with pytest.raises(ValueError, match="`labels` must be given for a conditional model"):
        callback.on_train_begin()
