"""The watchdog on small real games that go well, break and hang."""

import logging
import threading

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.callbacks import DivergedError, Watchdog, read_json_lines
from keras_ot_gans.callbacks.watchdogs.role_health import RoleHealth
from tests.callbacks.small_games import BATCH, ROUNDS, Poison, X, game, state, threads, train


def test_a_healthy_training_is_that_of_an_unwatched_run(monkeypatch):
    looks, of_class = [], RoleHealth.look

    def look(self):
        looks.append(1)
        return of_class(self)

    monkeypatch.setattr(RoleHealth, "look", look)
    plain, watched, watchdog = game(), game(), Watchdog("stop", real=X)
    train(plain, epochs=3)
    history = train(watched, watchdog, epochs=3).history
    before, after = state(plain), state(watched)
    assert len(before) > 20
    for (name, value), other in zip(before.items(), after.values(), strict=True):
        np.testing.assert_array_equal(other, value, err_msg=name)
    assert watchdog.events == [] and threads() == []
    assert len(looks) == 1 + 3  # at the start, and once per epoch of 6 steps
    assert len(history["sample_distance"]) == 3 and min(history["sample_diversity"]) > 0


@pytest.mark.parametrize("role", ["critic", "generator"])
def test_a_rate_that_is_too_high_is_caught_at_its_step_with_its_role(role):
    """The oracle looks at each weight of each role, in NumPy, after each step."""
    broken = {}

    class Oracle(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            for name in self.model.networks:
                values = [v.numpy() for v in self.model.variables_of(name)]
                if not all(np.isfinite(value).all() for value in values):
                    broken.setdefault(name, self.model.step)

    jump = keras.optimizers.schedules.PiecewiseConstantDecay([2], [0.01, 1e38])

    def steep():
        """Its gradients exceed 1, so that the high rate overflows at once."""
        model = game(**{role: jump})
        for kernel in model.critic.trainable_variables[::2]:
            kernel.assign(30 * kernel)
        return model

    train(steep(), Oracle(), epochs=2)
    assert broken[role] == min(broken.values()) == 4  # updates 0 to 2 have the low rate
    assert ("generator" in broken) and (broken["generator"] == 4 or role == "critic")
    watchdog, model = Watchdog("stop", weights_every=1, samples=0), steep()
    with pytest.raises(DivergedError, match="`fit` must keep all weights finite. Received, at st"):
        train(model, watchdog, epochs=2)
    (event,) = watchdog.events
    assert (event.kind, event.step, model.step) == ("nonfinite_weights", 4, 4)
    assert event.details["first_role"] == role
    assert set(event.details["roles"]) == {name for name in broken if broken[name] == 4}
    assert f"Lower the learning rate of {role}" in event.advice
    assert threads() == []


def test_growth_tells_that_a_rate_was_too_high():
    watchdog = Watchdog("stop", weights_every=1, samples=0)
    with pytest.raises(DivergedError, match="A learning rate is too high, or a batch was"):
        train(game(critic=1e8, generator=1e8), watchdog, epochs=2)
    assert max(watchdog.events[0].details["growths"].values()) > 1e6


@pytest.mark.parametrize("per_execution", [1, 3])
def test_an_extreme_batch_shows_in_the_logs_of_its_group(per_execution, caplog, tmp_path, events):
    x = X.copy()
    x[2 * BATCH : 3 * BATCH] = np.sign(x[2 * BATCH : 3 * BATCH]) * 3e38  # `fit` lets no NaN pass
    watchdog = Watchdog("warn", jsonl=tmp_path / "w.jsonl", log_dir=tmp_path / "logs", samples=8)
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(BATCH)
    with caplog.at_level(logging.WARNING):
        model = game(steps_per_execution=per_execution)
        model.fit(dataset, epochs=2, verbose=0, callbacks=[watchdog])
    (event,) = watchdog.events  # said once, the training goes on
    assert (event.kind, event.step, event.epoch) == ("nonfinite_weights", 3, 1)
    assert (event.details["roles"], event.details["values"]) == (["generator"], ["generator_loss"])
    # The critic is finite still, but it took a step along a gradient of 1e38.
    assert event.details["growths"]["critic"] > 1e30 and event.details["growths"]["generator"] < 2
    assert "a batch was extreme" in event.cause and "rate of critic" in event.advice
    (line,) = read_json_lines(tmp_path / "w.jsonl")
    assert (line["kind"], line["step"], line["roles"]) == (event.kind, 3, ["generator"])
    (record,) = [r for r in caplog.records if "watch_events" in r.name]
    assert record.getMessage() == event.message and "\n" not in event.message
    tag = ("watchdog/nonfinite_weights", 3)
    assert events(tmp_path / "logs")[tag].item().decode() == event.message
    assert model.step == 2 * ROUNDS


@pytest.mark.parametrize("role", ["critic", "generator"])
def test_weights_that_break_at_the_end_of_an_epoch_are_found_before_they_are_used(role):
    seen = []
    use = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    watchdog = Watchdog("stop", samples=0)
    with pytest.raises(DivergedError, match=f"not finite: {role}"):
        train(game(), use, Poison(role, 2 * ROUNDS), watchdog, epochs=3)
    assert seen == [0]  # its logs of the last step were finite
    assert (watchdog.events[0].step, watchdog.events[0].epoch) == (2 * ROUNDS, 2)
    assert watchdog.events[0].details["first_role"] == role


class Means(keras.callbacks.Callback):
    """Puts a value that is not finite into the logs of some batches."""

    def on_train_batch_end(self, batch, logs):
        logs["K_eff"] = float("inf") if batch > 2 else 1.0


def test_a_value_alone_is_said_and_not_acted_upon():
    watchdog = Watchdog("stop", samples=0)
    train(game(), Means(), watchdog, epochs=2)
    (event,) = watchdog.events
    assert (event.kind, event.step, event.details["values"]) == ("nonfinite_value", 4, ["K_eff"])


def test_rules_learn_from_the_epochs_before(tmp_path):
    earlier = [
        {"epoch": 1, "recall": 0.8},
        {"epoch": 2, "recall": 0.3},
        {"epoch": 3, "recall": 0.9},
    ]
    watchdog = Watchdog(earlier=earlier, samples=0)
    score = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(recall=0.3))
    train(game(), score, watchdog, epochs=3, initial_epoch=2)
    (event,) = watchdog.events
    assert (event.kind, event.epoch, event.step) == ("recall_fell", 3, ROUNDS)
    assert event.details == {"value": 0.3, "best": 0.8}


def test_updates_that_loss_scaling_skips_are_counted():
    for scale, share in ((3e38, 1.0), (1.0, None)):
        model = game()
        inner = {role: keras.optimizers.SGD(0.01) for role in model.networks}
        inner["critic"] = keras.optimizers.LossScaleOptimizer(inner["critic"], initial_scale=scale)
        model.compile(inner)
        watchdog = Watchdog("stop", samples=0)
        train(model, watchdog, x=1e3 * X)
        skipped = [e.details for e in watchdog.events if e.kind == "skipped_updates"]
        done = int(model.optimizer_of("critic").iterations)
        assert (skipped, done) == (
            ([{"role": "critic", "share": 1.0}], 0) if share else ([], ROUNDS)
        )


def test_stuck_input_is_named_while_it_hangs():
    watchdog, hangs = Watchdog(patience_seconds=0.5, samples=0), []

    def hanging():
        for index in range(3):
            for _ in range(2000 if hangs and index == 2 else 0):
                if watchdog.events:
                    break
                threading.Event().wait(0.01)
            yield X[:BATCH]

    spec = tf.TensorSpec((BATCH, 2), tf.float32)
    data = tf.data.Dataset.from_generator(hanging, output_signature=spec).repeat()
    model = game()
    model.fit(data, steps_per_epoch=3, verbose=0)  # compiles, which would count as stuck
    hangs.append(True)
    model.fit(data, steps_per_epoch=3, verbose=0, callbacks=[watchdog])
    stuck = [event for event in watchdog.events if event.kind == "stuck"]
    assert len(stuck) == 1 and "The input: its Python function is at" in stuck[0].cause
    assert stuck[0].details["input_at"].endswith("(hanging)") and __file__ in stuck[0].cause
    assert threads() == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"on_nonfinite": "ignore"}, "`on_nonfinite` must be one of warn, stop, rewind"),
        ({"on_nonfinite": "rewind"}, "`rewind` must be a function"),
        ({"rate_factor": 1.0}, r"`rate_factor` must be in \(0, 1\). Received: rate_factor=1.0"),
        ({"max_rewinds": -1}, "`max_rewinds` must be an integer of at least 0"),
        ({"weights_every": 0}, "`weights_every` must be an integer of at least 1"),
        ({"samples": -1}, "`samples` must be an integer"),
        ({"slow_factor": 1.0}, "`slow_factor` must exceed 1"),
        ({"patience_seconds": 0.0}, "`patience_seconds` must be positive"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Watchdog(**arguments)


def test_a_model_of_another_kind_is_refused():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="`Watchdog` needs a model that offers `networks`"):
        model.fit(X, X[:, :1], verbose=0, callbacks=[Watchdog()])
    rewind = Watchdog("rewind", rewind=lambda model, been: None)
    with pytest.raises(ValueError, match="a learning rate that can be lowered"):
        train(game(critic=lambda: 0.1), rewind)
    assert threads() == []
