"""What a dry run says, against numbers that were worked out by hand."""

import json
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from apps import builders, dry_run, experiment, machine, memory_estimate, sources
from apps.units import duration, readable
from keras_ot_gans import divergences, models
from keras_ot_gans.layers import PairwiseDistance


def dense(*sizes):
    """A network without biases: its weights are the products of neighbours."""
    return keras.Sequential(
        [keras.Input((sizes[0],)), *(keras.layers.Dense(n, use_bias=False) for n in sizes[1:])]
    )


def act(**kwargs):
    model = models.ACTGAN(dense(3, 5, 2), dense(2, 7), ema_decay=0.9, seed=0, **kwargs)
    model.compile({role: keras.optimizers.Adam(1e-3) for role in model.networks})
    return model


def test_bytes_of_a_models_state():
    model = act(critic=dense(2, 4))
    state = memory_estimate.state_of(model)
    generator, navigator, critic = 3 * 5 + 5 * 2, 2 * 7, 2 * 4
    weights = 4 * (generator + navigator + critic)
    assert state.weights == weights
    assert state.average == 4 * generator
    # Two moments for each weight; a rate of 4 bytes and a counter of an optimizer.
    counter = model.optimizer_of("critic").iterations
    assert state.slots == 2 * weights + 3 * (4 + tf.as_dtype(counter.dtype).size)
    assert 0 < state.other < 200  # seeds, counter of updates, means of three logs
    # All three roles move in one pass; in OT-GAN they take turns.
    assert memory_estimate.gradients_of(model) == weights
    turns = models.OTGAN(dense(3, 2), dense(2, 4))
    assert memory_estimate.gradients_of(turns) == 4 * max(3 * 2, 2 * 4)


def test_bytes_of_the_pairs():
    def of(model, n):
        return memory_estimate.pairs_of(model, n).bytes

    assert of(act(), 64) == 4 * 64 * 64 * 4
    assert of(act(num_fake=10), 64) == 4 * 64 * 10 * 4
    # Three rows and three columns of plans.
    assert of(act(num_anchors=3), 64) == 4 * (2 * 64 * 64 + 3 * 64 + 64 * 3)
    pairwise = models.ACTGAN(dense(3, 2), PairwiseDistance(dense(2, 1)))
    assert of(pairwise, 8) == 4 * (4 * 8 * 8 + 8 * 8 * 2)
    generator, critic = dense(3, 2), dense(2, 4)
    assert of(models.OTGAN(generator, critic), 256) == 4 * (6 + 6) * 128 * 128 == 786_432
    single = models.OTGAN(generator, critic, distance=divergences.single_batch_energy_distance)
    assert of(single, 256) == 4 * (3 + 3) * 256 * 256
    swd = models.MinimumDistanceModel(generator, divergences.SlicedWasserstein(4))
    assert memory_estimate.pairs_of(swd, 256) is None


def peak(function, *specs):
    return memory_estimate._peak(tf.function(function).get_concrete_function(*specs).graph)


X = tf.TensorSpec((100,), tf.float32)  # 400 bytes


def test_peak_of_graphs():
    assert peak(tf.sin, X) == 800  # the argument and the result
    assert peak(lambda x: tf.sin(tf.sin(tf.sin(x))), X) == 800  # two at a time
    # x, its sine and cosine, then the sum in place of x.
    assert peak(lambda x: tf.sin(x) + tf.cos(x), X) == 1200
    # The first sine waits for the last one, as an activation for its gradient.
    assert peak(lambda x: (lambda a: a + tf.sin(tf.sin(a)))(tf.sin(x)), X) == 1200
    assert peak(lambda x: tf.reshape(tf.stop_gradient(x), (10, 10)), X) == 400  # a view
    # 100 x 100 of 4 bytes twice: differences and their squares.
    pairs = 2 * 40_000
    assert peak(lambda x: tf.reduce_sum(tf.square(x[:, None] - x[None, :])), X) == pytest.approx(
        pairs, abs=1000
    )


def test_peak_with_unknown_rows():
    rows = tf.TensorSpec((None, 10), tf.float32)
    graph = tf.function(tf.sin).get_concrete_function(rows).graph
    assert memory_estimate._peak(graph, 5) == 2 * 5 * 10 * 4
    # An axis beside the rows that the graph does not know, as in the gradient of a repetition.
    many = tf.TensorSpec((None, None, 10), tf.float32)
    graph = tf.function(tf.sin).get_concrete_function(many).graph
    assert memory_estimate._peak(graph, 5) == 2 * 5 * 10 * 4


def test_peak_of_a_loop_is_that_of_its_body():
    def looped(x):
        pairs = lambda _, y: (_ + 1, y + tf.reduce_sum(tf.sin(y[:, None] * y[None, :]), axis=1))  # noqa: E731
        return tf.while_loop(lambda i, _: i < 5, pairs, (0, x))[1]

    # The product and its sine; a few vectors of 400 bytes beside them.
    assert peak(looped, X) == pytest.approx(80_000, abs=4000)


def test_peak_of_a_round_grows_with_its_batch_and_shrinks_with_micro_batches():
    units = 5000  # far more than the pairs and the weights

    def of(n, **kwargs):
        model = models.OTGAN(dense(3, 2), dense(2, units, 4), seed=0, **kwargs)
        model.compile({role: keras.optimizers.Adam(1e-3) for role in model.networks})
        return memory_estimate.step_of(model, tf.TensorSpec((n, 2), tf.float32))

    small, large, parts = of(64), of(256), of(256, micro_batch=64)
    rows = 4 * units  # bytes of the critic's layer for one sample
    # At least the layer for real and for generated samples, at most a few of each.
    assert 2 * 192 * rows < large - small < 12 * 192 * rows
    assert 2 * 64 * rows < parts < large / 2


def test_dry_run_prints_memory_and_time(act_config, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    act_config.watch.pictures = ("samples",)
    act_config.watch.every = 2
    logs = experiment.train_and_evaluate(act_config, None, dry_run=True)
    assert np.isfinite(logs["transport_cost"])
    out = capsys.readouterr().out
    assert json.loads(out[: out.index("\n}") + 2])["train"]["generator_updates"] == 40
    assert "batch on each of 1 replica: 8\n" in out
    assert re.search(r"critic +\S+ +2 +4 +\d+ +60 +0\n", out)
    # Cost, distance and two plans of 8 x 8 numbers; 50 points of two float32.
    assert re.search(r"of it n x m +1.02 kB: cost, distance and 2 plans, 8 x 8;", out)
    assert re.search(r"data on the host +400 B", out)
    assert re.search(r"measured: \S+ [MG]B at the process's peak", out)
    assert re.search(r"time: \S+ s a round \(5 after a warm-up: ", out)
    assert "20 rounds: about " in out  # of two updates each
    assert "without 2 looks at samples, which come on top" in out
    assert "Nothing was written." in out and list(tmp_path.iterdir()) == []


def test_what_does_not_fit_is_refused_before_a_round(act_config, monkeypatch, capsys):
    monkeypatch.setattr(dry_run, "_time_rounds", None)
    act_config.train.batch_size = 50
    for free, advice in ((200_000, r"Try train.batch_size=\d+, or narrower"),
                         (0, "Try narrower networks")):  # fmt: skip
        monkeypatch.setattr(dry_run, "free_memory", lambda free=free: free)
        with pytest.raises(ValueError, match="`train.batch_size` must leave a round.*" + advice):
            experiment.train_and_evaluate(act_config, None, dry_run=True)
    assert "together" in capsys.readouterr().out


def test_replicas_on_parts_of_a_cpu_share_its_memory(act_config, monkeypatch, capsys):
    monkeypatch.setattr(memory_estimate, "step_of", lambda *_: 1_000_000)  # and half of it again
    monkeypatch.setattr(dry_run, "free_memory", lambda: 2_900_000)
    source = sources.build_source(act_config)
    model = builders.build_model(act_config, source.sample_shape, None)
    dry_run._print_memory(act_config, model, source, None, replicas=1)
    with pytest.raises(ValueError, match="round needs about 3 MB beside .* 2.9 MB are free"):
        dry_run._print_memory(act_config, model, source, None, replicas=2)
    assert re.search("on all 2 replicas +3.0. MB, which share this memory", capsys.readouterr().out)


def test_replicas_hold_the_arrays_of_the_global_batch():
    done = subprocess.run(
        [sys.executable, "-m", "tests.apps.mirrored_memory_program"],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    found = json.loads(done.stdout.splitlines()[-1])
    for one, two in zip(found["one"], found["two"], strict=True):
        # Each replica computes all plans; the order in which results come and go differs a little.
        assert two == pytest.approx(one, rel=0.1) and one > 10 * 4 * 1000 * 1000


def test_advice_on_a_batch():
    """State 100 bytes, a round 1000 of which 200 are gradients, batch 64: 12.5 a sample."""

    class Config:
        class train:  # noqa: N801
            batch_size = 64

        model = {"micro_batch": None}

    model = models.OTGAN(dense(3, 2), dense(2, 4))
    # 800 are free: 500 for the samples, which is 40 of them; the next half is 32.
    text = dry_run._too_large(Config, model, (100, 1000, 200), 800)
    assert "Try train.batch_size=32, or model.micro_batch=32" in text
    assert "train.batch_size" not in dry_run._too_large(Config, model, (100, 1000, 200), 300)[20:]


def test_what_the_machine_says():
    held = np.ones(50_000_000, "uint8")
    assert 10**8 < machine.peak_of_process() < 10**12
    assert held.sum() and 10**6 < machine.free_memory() < 10**14


def test_table_of_networks():
    rows = dry_run.networks_table(act()).splitlines()
    assert [row.split()[0] for row in rows] == ["role", "generator", "navigator"]
    assert rows[1].split()[2:] == ["3", "2", "2", "25", "0"]
    assert rows[2].split()[2:] == ["2", "7", "1", "14", "0"]


def test_units():
    assert [readable(n) for n in (0, 999, 1000, 2.5e6, 1.234e9)] == [
        "0 B", "999 B", "1 kB", "2.5 MB", "1.23 GB",
    ]  # fmt: skip
    assert [duration(s) for s in (0.2, 59, 60, 3600, 90000, 200000)] == [
        "0 s", "59 s", "1 min", "1 h", "25 h", "2.3 days",
    ]  # fmt: skip
