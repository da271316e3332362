"""Going back to a saved state while `fit` runs, and what is known of it after a stop."""

import json

import keras
import numpy as np
import pytest

from keras_ot_gans.callbacks import DivergedError, Watchdog
from tests.callbacks.small_games import ROUNDS, Poison, game, kinds, state, threads, train


def saved(model, tmp_path):
    """A way back to the state now, and that state."""
    path = tmp_path / "good.weights.h5"
    model.save_weights(path)
    asked = []

    def rewind(model, been):
        asked.append(been)
        model.load_weights(path)
        return model.step

    return rewind, asked, state(model)


def test_after_a_rewind_all_is_as_it_was_but_the_rates(tmp_path):
    model = game(scheduled=True)
    train(model)
    rewind, asked, good = saved(model, tmp_path)
    watchdog = Watchdog("rewind", rewind=rewind, rate_factor=0.5, samples=0)
    after = {}

    class Look(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 3:
                after.update(state(self.model))

    # The step after the poison makes the logs NaN, which is when weights are looked at.
    history = train(model, Poison("critic", 3), watchdog, Look())
    assert asked == [()] and kinds(watchdog) == ["nonfinite_weights", "rewind"]
    done = watchdog.events[-1]
    assert (done.step, done.details["to_step"]) == (ROUNDS + 4, ROUNDS)
    assert done.details["rates"] == {
        "generator": {"scale": 0.5},
        "critic": {"rate": pytest.approx(0.005)},
    }
    rates = [name for name in good if "learning_rate" in name]
    assert len(rates) == 1 and len(good) > 20
    for name in good.keys() - set(rates):
        np.testing.assert_array_equal(after[name], good[name], err_msg=name)
    np.testing.assert_allclose(after[rates[0]], 0.5 * good[rates[0]])
    cosine = 0.5 * (1 + np.cos(np.pi * (ROUNDS + 2) / 100))
    rate = float(model.optimizer_of("generator").learning_rate)
    assert rate == pytest.approx(0.01 * 0.5 * cosine, rel=1e-5)  # float32
    assert model.step == ROUNDS + 2  # the two steps of the epoch that were left
    assert all(np.isfinite(values).all() for values in history.history.values())
    assert threads() == []


def test_a_rewind_at_the_last_step_leaves_no_zeros_behind(tmp_path):
    model = game()
    rewind, _, _ = saved(model, tmp_path)
    watchdog = Watchdog("rewind", rewind=rewind, samples=0)
    history = train(model, Poison("generator", ROUNDS), watchdog, epochs=2).history
    assert np.isnan(history["critic_loss"][0]) and np.isfinite(history["critic_loss"][1])
    assert model.step == ROUNDS


def test_rewinds_end_with_an_error_after_the_last_one(tmp_path):
    model = game()
    rewind, asked, _ = saved(model, tmp_path)
    watchdog = Watchdog("rewind", rewind=rewind, max_rewinds=2, samples=0)
    ends = (ROUNDS, 2 * ROUNDS, 3 * ROUNDS)
    with pytest.raises(DivergedError, match="It went back 2 times; it ends here."):
        train(model, Poison("critic", *ends), watchdog, epochs=4)
    assert asked == [(), (0,)] and kinds(watchdog) == ["nonfinite_weights", "rewind", "rewind"]
    rate = float(model.optimizer_of("critic").learning_rate)
    assert rate == pytest.approx(0.01 * 0.25)  # not 0.5 again, though the file has the whole rate
    assert threads() == []
    nowhere = Watchdog("rewind", rewind=lambda model, been: None, samples=0)
    with pytest.raises(DivergedError, match="There is no finite state to go back to"):
        train(game(), Poison("critic", ROUNDS), nowhere)


class Stop(keras.callbacks.Callback):
    """Ends `fit` as a signal does, with everything saved, after a given batch of an epoch."""

    def __init__(self, epoch, batch, tmp_path):
        super().__init__()
        self.place, self.path = (epoch, batch), tmp_path / "stopped.weights.h5"

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.place:
            self.model.save_weights(self.path)
            self.state = json.dumps(self.model.watchdog.get_state())
            raise KeyboardInterrupt


def test_a_continued_run_knows_what_was_decided_before_it_was_stopped(tmp_path):
    """Stopped in the epoch of its first rewind; killed later, before its next checkpoint."""
    file, poison = tmp_path / "watchdog.jsonl", (ROUNDS + 2, 3 * ROUNDS)
    model = game(scheduled=True)
    rewind, _, _ = saved(model, tmp_path)
    stop = Stop(1, 4, tmp_path)
    first = Watchdog("rewind", rewind=rewind, jsonl=file, samples=0)
    with pytest.raises(KeyboardInterrupt):
        train(model, Poison("critic", *poison), first, stop, epochs=4)
    first.on_train_end()  # Keras does not call it
    assert kinds(first) == ["nonfinite_weights", "rewind"]
    state = json.loads(stop.state)
    assert state["been"] == [0] and state["scales"] == {"generator": 0.5}
    assert state["said"] == ["nonfinite_weights", "rewind"]
    before = file.read_bytes()
    assert state["written"] == len(before)

    for _ in range(2):  # the second time after a kill: it comes to the same events again
        again, model = (
            Watchdog("rewind", rewind=rewind, jsonl=file, samples=0),
            game(scheduled=True),
        )
        model.load_weights(stop.path)
        again.set_state(state)
        assert file.read_bytes() == before
        train(model, Poison("critic", ROUNDS), again, epochs=4, initial_epoch=2)
        assert [(e.kind, e.epoch) for e in again.events] == [("rewind", 3)]
        assert again.rewinds.been == (0, 0)
        assert again.events[0].details["rates"]["generator"] == {"scale": 0.25}
        assert model.watchdog is None  # nobody watches it any more
    assert file.read_bytes().count(b"\n") == 3


def test_a_run_that_begins_knows_nothing(tmp_path):
    file = tmp_path / "watchdog.jsonl"
    file.write_text('{"kind": "rewind"}\n')
    watchdog = Watchdog("warn", jsonl=file, samples=0)
    assert file.read_text()  # a file may hold more than one training
    watchdog.set_state({})
    assert file.read_text() == ""
