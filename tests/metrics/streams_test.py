"""Hashes of data, batches of images, and kept features."""

import hashlib

import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.metrics import DataHash, data_hash
from keras_ot_gans.metrics.image_stream import image_batches
from keras_ot_gans.metrics.kept_features import KeptFeatures
from tests.metrics.cards import uint8_images

IMAGES = uint8_images(20)


def test_hash_knows_images_and_no_order():
    whole = data_hash(IMAGES)
    shuffled = IMAGES[np.random.default_rng(1).permutation(20)]
    assert data_hash([shuffled[:7], shuffled[7:]]) == whole
    changed = IMAGES.copy()
    changed[3, 0, 0, 0] ^= 1
    twice = np.concatenate([IMAGES, IMAGES[:1]])
    others = {data_hash(x) for x in (changed, twice, IMAGES[:19], IMAGES.astype(np.float32))} | {
        data_hash(IMAGES.reshape(20, 2, 8, 1))
    }
    assert len(others) == 5 and whole not in others


def test_hash_by_hand():
    digests = [
        int.from_bytes(hashlib.sha256(b"|u1(4, 4, 1)" + x.tobytes()).digest(), "little")
        for x in IMAGES
    ]
    total = (sum(digests) % 2**256).to_bytes(32, "little")
    assert data_hash(IMAGES) == hashlib.sha256(b"20 images " + total).hexdigest()


def test_keys_choose_the_same_images_in_any_order():
    def chosen(order):
        kept = KeptFeatures(6, 16)
        found = DataHash(seed=3)
        for part in np.array_split(IMAGES[order], 3):
            kept.update(part.reshape(len(part), -1), found.update(part))
        return kept.features

    first = chosen(np.arange(20))
    assert first.shape == (6, 16)
    np.testing.assert_array_equal(first, chosen(np.arange(20)[::-1]))


def test_kept_rows_are_those_with_the_smallest_keys():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(500, 3)).astype(np.float32)
    keys = rng.permutation(500).astype(np.uint64)
    kept = KeptFeatures(40, 3)
    for start in range(0, 500, 30):
        kept.update(features[start : start + 30], keys[start : start + 30])
    np.testing.assert_array_equal(kept.features, features[np.argsort(keys)[:40]])
    few = KeptFeatures(40, 3)
    few.update(features[:5], keys[:5])
    assert len(few.features) == 5


def labels_of(source, **options):
    batches = list(image_batches(source, **options))
    images = np.concatenate([batch.images for batch in batches])
    labels = [batch.labels for batch in batches]
    return images, labels, [len(batch.images) for batch in batches]


@pytest.mark.parametrize(
    "source",
    [
        IMAGES,
        (IMAGES, np.arange(20)),
        tf.data.Dataset.from_tensor_slices(IMAGES).batch(6),
        tf.data.Dataset.from_tensor_slices((IMAGES, np.arange(20))).batch(6),
        lambda: iter([IMAGES[:15], IMAGES[15:]]),
        [IMAGES[:15], IMAGES[15:]],
    ],
)
def test_images_come_in_order_from_every_source(source):
    images, labels, sizes = labels_of(source, batch_size=8)
    np.testing.assert_array_equal(images, IMAGES)
    assert max(sizes) <= 8
    if labels[0] is not None:
        assert np.concatenate(labels).tolist() == list(range(20))
    images, _, sizes = labels_of(source, batch_size=8, limit=10)
    np.testing.assert_array_equal(images, IMAGES[:10])


def test_wrong_streams_are_named():
    with pytest.raises(ValueError, match=r"`real` must come as images.*\(4, 4, 1\) in batch 1"):
        list(image_batches([IMAGES, IMAGES[0]], name="real"))
    with pytest.raises(ValueError, match="one label for each image"):
        list(image_batches((IMAGES, np.arange(3))))
    with pytest.raises(TypeError, match="must be an array of images.*Received: int"):
        list(image_batches(3))
