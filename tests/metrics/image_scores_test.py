import dataclasses

import numpy as np
import pytest
import scipy.linalg
import tensorflow as tf

from keras_ot_gans.metrics import (
    PRESETS,
    FeatureNetwork,
    ImageScores,
    ReferenceStatistics,
    WeightsMissing,
    check_comparable,
    inception_score,
    jackknife_interval,
    kernel_distance,
    kernel_distance_without,
    precision_recall,
)
from tests.metrics.cards import linear_network, uint8_images

REAL, FAKE = uint8_images(60), uint8_images(50, seed=1, low=60)
NETWORK = linear_network()
ALL = ("is", "fid", "kid", "fid_infinity", "prdc")


def judge(cache, scores=ALL, real=REAL, network=NETWORK, **options):
    options = {"verbose": 0, "batch_size": 16, **options}
    return ImageScores(network, real, scores, cache_dir=cache, **options)


def sqrtm_distance(real, fake):
    """The Frechet distance as the reference code has it."""
    a, b = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    gap = real.mean(0) - fake.mean(0)
    return gap @ gap + np.trace(a + b - 2 * scipy.linalg.sqrtm(a @ b).real)


def softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def test_one_pass_gives_what_each_score_gives_alone(tmp_path):
    calls = []
    counting = dataclasses.replace(
        NETWORK, forward=lambda images: calls.append(len(images)) or NETWORK.forward(images)
    )
    scores = judge(tmp_path, network=counting).evaluate(FAKE)
    assert sum(calls) == 110  # every image once, for five scores
    real, fake = NETWORK(REAL).features, NETWORK(FAKE).features
    logits = NETWORK(FAKE).logits
    # Relative 1e-6: features are float32.
    assert scores["fid"].value == pytest.approx(sqrtm_distance(real, fake), rel=1e-6)
    whole = sqrtm_distance(real, fake)
    without = [
        sqrtm_distance(real, np.delete(fake, np.arange(5 * g, 5 * g + 5), axis=0))
        for g in range(10)
    ]
    interval = jackknife_interval(whole, without)
    assert (scores["fid"].low, scores["fid"].high) == pytest.approx(interval, rel=1e-5)
    expected = inception_score(softmax(logits.astype(np.float64)), 10)
    assert (scores["is"].value, scores["is"].std) == pytest.approx(expected, rel=1e-6)
    # 60 and 50 images are fewer than a subset of 1000: the card says what was used.
    assert scores.card.kid_subset_size == 50
    exact, leave_out = kernel_distance_without(real, fake, groups=10)
    assert scores["kid"].low < scores["kid"].value < scores["kid"].high
    # A subset of all 50 fakes and 50 of 60 reals: the mean over 100 subsets is close to the
    # estimate of all rows, by a tenth of the subsets' spread.
    assert abs(scores["kid"].value - exact) < 0.5 * scores["kid"].std
    expected = precision_recall(real, fake, 3)
    for name in ("precision", "recall", "density", "coverage"):
        assert scores[name].value == getattr(expected, name)
        assert scores[name].low <= scores[name].value <= scores[name].high
    assert scores["fid_infinity"].value < scores["fid"].value  # the bias is positive
    assert list(scores) == ["is", "fid", "kid", "fid_infinity", "precision", "recall", "density",
                            "coverage"]  # fmt: skip
    assert all(score.card == scores.card for score in scores.values()) and not scores.refused


def test_card_tells_what_was_done(tmp_path):
    scores = judge(tmp_path, ("fid",), real_name="toy", split="train", seed=4).evaluate(
        FAKE, num=40, generator_weights="ema", sampler="prior"
    )
    found = scores.card
    assert (found.feature_network, found.weights_hash) == ("toy", "12" * 32)
    assert (found.real, found.split, found.n_real, found.n_fake) == ("toy", "train", 60, 40)
    assert (found.image_size, found.channels, found.quantise) == ((4, 4), 1, "uint8")
    assert (found.generator_weights, found.sampler, found.seed) == ("ema", "prior", 4)
    other = judge(tmp_path, ("fid",), real=REAL[:59], real_name="toy", split="train", seed=4)
    card = other.evaluate(FAKE, 40, generator_weights="ema", sampler="prior").card
    with pytest.raises(ValueError, match="(?s)data_hash.*n_real"):
        check_comparable(found, card)


@pytest.mark.parametrize("kind", ["floats", "dataset", "batches", "function"])
def test_source_and_batch_size_do_not_matter(kind, tmp_path):
    expected = judge(tmp_path / "a").evaluate(FAKE, sampler="prior")
    unit = [x.astype(np.float32) / 127.5 - 1 for x in (REAL, FAKE)]
    real, fake = {
        "floats": unit,
        "dataset": [tf.data.Dataset.from_tensor_slices(x).batch(7) for x in unit],
        "batches": [[x[:33], x[33:]] for x in (REAL, FAKE)],
        "function": [lambda x=x: iter([x[:33], x[33:]]) for x in (REAL, FAKE)],
    }[kind]
    found = judge(tmp_path / "b", real=real, batch_size=9).evaluate(fake, 50, sampler="prior")
    assert found.card == expected.card
    for name, score in expected.items():
        # Sums in another order; PRDC counts, and kept features come in another order.
        assert found[name].value == pytest.approx(score.value, rel=1e-9, abs=1e-12), name


def test_cached_reference_is_used_and_gives_the_same_scores(tmp_path):
    first = judge(tmp_path).evaluate(FAKE)
    calls = []
    counting = dataclasses.replace(
        NETWORK, forward=lambda images: calls.append(len(images)) or NETWORK.forward(images)
    )
    shuffled = REAL[np.random.default_rng(5).permutation(60)]  # the order of the data is no matter
    again = judge(tmp_path, real=shuffled, network=counting).evaluate(FAKE)
    assert sum(calls) == 50 and again == first
    (path,) = tmp_path.iterdir()
    from_file = judge(tmp_path / "unused", real=str(path)).evaluate(FAKE)
    assert from_file == first and not (tmp_path / "unused").exists()
    in_memory = judge(tmp_path, real=ReferenceStatistics.load(path)).evaluate(FAKE)
    assert in_memory == first


def test_statistics_of_others_are_refused(tmp_path):
    judge(tmp_path).prepare()
    (path,) = tmp_path.iterdir()
    with pytest.raises(ValueError, match="(?s)same network and protocol.*weights_hash: '1212"):
        judge(tmp_path, real=path, network=dataclasses.replace(NETWORK, weights_hash="")).prepare()
    with pytest.raises(ValueError, match="(?s)same network.*splits: 10 there, 1 here"):
        judge(tmp_path, real=path, protocol="studiogan").prepare()
    wide = dataclasses.replace(linear_network(dim=7), weights_hash="12" * 32)
    with pytest.raises(ValueError, match="`real` must hold features of width 7.*Received: 6"):
        judge(tmp_path, real=path, network=wide).prepare()
    with pytest.raises(ValueError, match="statistics of each class"):
        judge(tmp_path, ("accuracy",), real=path).prepare()
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=path.name):
        judge(tmp_path, real=path).prepare()


def test_too_few_images_for_fid_show_kid_with_one_warning(tmp_path, caplog):
    few = judge(tmp_path, ("fid", "fid_infinity"), network=linear_network(dim=30))
    for _ in range(2):
        scores = few.evaluate(FAKE[:30])
    assert list(scores) == ["kid"]
    assert set(scores.refused) == {"fid", "fid_infinity"}
    assert "30 fake images are too few for features of width 30" in scores.refused["fid"]
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2 and lines[0].startswith("No fid: 30 fake")
    assert few.evaluate(FAKE[:31])["fid"].value > 0  # without an interval: 28 are left then
    assert np.isnan(few.evaluate(FAKE[:31])["fid"].low)
    real = judge(tmp_path, ("fid",), real=REAL[:30], network=linear_network(dim=30))
    assert "30 real images" in real.evaluate(FAKE).refused["fid"]


def test_protocol_decides_bias_splits_and_pixels(tmp_path):
    logits = NETWORK(FAKE).logits.astype(np.float64)
    without = judge(tmp_path, ("is",), protocol="mimicry", real=REAL)
    with pytest.raises(ValueError, match="`real` must hold at least 50000 images. Received: 60"):
        without.evaluate(FAKE)
    protocol = dataclasses.replace(PRESETS["mimicry"], n_real=None, splits=1)
    score = judge(tmp_path, ("is",), protocol=protocol).evaluate(FAKE)["is"]
    expected = inception_score(softmax(logits - NETWORK.logit_bias), 1)
    assert score.value == pytest.approx(expected.mean, rel=1e-6)
    assert score.low < score.value < score.high  # by ten groups, though it is one split
    plain = judge(tmp_path, ("is",)).evaluate(FAKE)["is"]
    assert plain.value == pytest.approx(inception_score(softmax(logits), 10).mean, rel=1e-6)
    # A floor moves the generated images by half a grey level, and never the real ones.
    floats = FAKE.astype(np.float32) / 127.5 - 1 + 0.4 / 127.5
    floats = np.minimum(floats, 1.0)
    protocol = dataclasses.replace(PRESETS["studiogan"])
    floored = judge(tmp_path, ("fid",), protocol=protocol).evaluate(floats)["fid"].value
    exact = judge(tmp_path, ("fid",)).evaluate(FAKE)["fid"].value
    assert floored == pytest.approx(exact, rel=1e-9)


def test_labels_give_accuracy_and_distances_within_classes(tmp_path):
    real_labels, fake_labels = np.arange(60) % 2, np.arange(50) % 2
    scores = judge(tmp_path, ("accuracy", "intra_fid"), real=(REAL, real_labels)).evaluate(
        (FAKE, fake_labels)
    )
    real, (fake, logits) = NETWORK(REAL).features, NETWORK(FAKE)
    assert scores["accuracy"].value == np.mean(logits.argmax(1) == fake_labels)
    expected = [sqrtm_distance(real[real_labels == c], fake[fake_labels == c]) for c in (0, 1)]
    score = scores["intra_fid"]
    assert score.value == pytest.approx(np.mean(expected), rel=1e-5)
    # Ten groups: every tenth row of each class is left out.
    without = [
        np.mean(
            [
                sqrtm_distance(real[real_labels == c], part[np.arange(len(part)) % 10 != g])
                for c, part in ((c, fake[fake_labels == c]) for c in (0, 1))
            ]
        )
        for g in range(10)
    ]
    spread = 2.2622 * np.sqrt(0.9 * np.sum((without - np.mean(without)) ** 2))  # t of 9 degrees
    assert score.high - score.value == pytest.approx(spread, rel=1e-4)
    again = judge(tmp_path, ("intra_fid",), real=(REAL, real_labels)).evaluate((FAKE, fake_labels))
    assert again["intra_fid"].value == scores["intra_fid"].value
    rare = judge(tmp_path, ("intra_fid",), real=(REAL, (np.arange(60) == 0).astype(int)))
    assert "class 1" in rare.evaluate((FAKE, fake_labels)).refused["intra_fid"]
    with pytest.raises(ValueError, match="`real` must come with labels"):
        judge(tmp_path, ("accuracy",)).prepare()
    with pytest.raises(ValueError, match="`labels` must come with the images"):
        judge(tmp_path, ("accuracy",), real=(REAL, real_labels)).evaluate(FAKE)


def test_network_is_made_when_it_is_needed(tmp_path):
    made = []

    def make():
        made.append(1)
        return NETWORK

    lazy = judge(tmp_path, ("fid",), network=make)
    assert made == []
    lazy.evaluate(FAKE)
    lazy.evaluate(FAKE)
    assert made == [1]

    def missing():
        raise WeightsMissing("get them there")

    with pytest.raises(WeightsMissing, match="get them there"):
        judge(tmp_path, network=missing).evaluate(FAKE)
    features_only = FeatureNetwork(
        "f", "", False, "none", 6, channels=1, forward=lambda x: (NETWORK.forward(x)[0], None)
    )
    with pytest.raises(ValueError, match="`network` must have classes for is"):
        judge(tmp_path, ("is", "fid"), network=features_only).prepare()
    assert judge(tmp_path, ("fid",), network=features_only).evaluate(FAKE)["fid"].value > 0


def test_plain_metric_for_other_evaluations(tmp_path):
    metric = judge(tmp_path, ("fid", "kid"), intervals=False)
    values = metric(None, FAKE)
    assert values == metric.evaluate(FAKE).values_by_name() and set(values) == {"fid", "kid"}
    assert np.isnan(metric.evaluate(FAKE)["fid"].low)


@pytest.mark.parametrize(
    ("fake", "text"),
    [
        (np.full((50, 4, 4, 1), np.nan), "`fake, batch 0` must be finite"),
        (FAKE.astype(float), r"must be uint8, or floats in \[-1, 1\].*Are they uint8"),
        (FAKE.repeat(3, axis=3), "1 channels"),
        (uint8_images(50, (5, 4, 1)), r"shape of the real images, \(4, 4, 1\)"),
        (FAKE[:9], "`total` must be at least the number of groups or splits, 10"),
        (FAKE.reshape(50, -1), "axes|come as images"),
    ],
)
def test_wrong_generated_images_are_named(fake, text, tmp_path):
    with pytest.raises(ValueError, match=text):
        judge(tmp_path).evaluate(fake)


def test_too_short_a_stream_is_named(tmp_path):
    with pytest.raises(ValueError, match="`fake` must hold num=51 images. Received: 50"):
        judge(tmp_path).evaluate(FAKE, 51)
    with pytest.raises(ValueError, match="must give features"):
        narrow = dataclasses.replace(NETWORK, feature_dim=7)
        judge(tmp_path / "other", ("fid",), network=narrow).prepare()


def test_real_images_must_stay_the_same(tmp_path):
    seed = iter(range(10))
    with pytest.raises(ValueError, match="`real` must give the same images at every pass"):
        judge(tmp_path, real=lambda: uint8_images(60, seed=next(seed))).prepare()
    mixed = [REAL, uint8_images(5, (5, 5, 1))]
    with pytest.raises(ValueError, match="shape of the images before"):
        judge(tmp_path, real=mixed).prepare()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"scores": ("fdi",)}, "`scores` must be a sequence of names"),
        ({"scores": "fid"}, "`scores` must be a sequence"),
        ({"scores": ()}, "`scores`"),
        ({"protocol": "papers"}, "`protocol` must be a `Protocol` or one of standard"),
        ({"num": 1}, "`num` must be at least 2"),
        ({"groups": 1}, "`groups`"),
        ({"batch_size": 0}, "`batch_size`"),
    ],
)
def test_wrong_arguments_are_named(options, text):
    with pytest.raises(ValueError, match=text):
        ImageScores(NETWORK, REAL, **options)


def test_progress_bars_count_images(tmp_path, capsys):
    judge(tmp_path, ("fid",), verbose=1).evaluate(FAKE)
    printed = capsys.readouterr().out
    assert "60/60" in printed and "50/50" in printed


def test_kid_follows_the_card(tmp_path):
    protocol = dataclasses.replace(PRESETS["standard"], kid_subsets=5, kid_subset_size=20)
    fake = judge(tmp_path, ("kid",), protocol=protocol, seed=3).evaluate(FAKE)
    assert fake.card.kid_subset_size == 20
    reference = judge(tmp_path, ("kid",), protocol=protocol, seed=3).prepare()
    # The same rows as sets, in the order of their keys.
    assert sorted(map(tuple, reference.features.tolist())) == sorted(
        map(tuple, NETWORK(REAL).features.tolist())
    )
    value = kernel_distance(
        reference.features, NETWORK(FAKE).features, subsets=100, subset_size=20
    ).mean
    assert abs(fake["kid"].value - value) < 3 * fake["kid"].std
