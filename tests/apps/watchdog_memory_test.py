"""What a checkpoint may say that a watchdog knew."""

import json
import shutil

import numpy as np
import pytest

from apps import builders, checkpoints, overriding, watchdog_memory
from apps.differences import as_json
from keras_ot_gans import callbacks
from tests.apps.malformed.runs import points_config, rewrite

STATE = {
    "said": ["slow_step"],
    "written": 7,
    "been": [0, 4],
    "scales": {"critic": 0.5},
    "rounds": 3,
}


def without(key):
    return json.dumps({name: value for name, value in STATE.items() if name != key})


def changed(key, text):
    return json.dumps({**STATE, key: "@"}).replace('"@"', text)


WRONG = {
    "a list": "[]",
    "a number": 5,
    "a digit": "5",
    "half": "{",
    "nothing": "",
    "bytes of no text": np.bytes_(b"\xff"),
    "an array": np.zeros(3),
    "very deep": "[" * 30_000,
    "said alone": '{"said": 3}',
    "been alone": '{"been": 3}',
    "scales alone": '{"scales": []}',
    "written alone": '{"written": -1}',
    "no said": without("said"),
    "no written": without("written"),
    "no been": without("been"),
    "no scales": without("scales"),
    "said of a number": changed("said", "3"),
    "said of numbers": changed("said", "[3]"),
    "said of a text": changed("said", '"slow"'),
    "written below 0": changed("written", "-1"),
    "written of a float": changed("written", "7.5"),
    "written of a truth": changed("written", "true"),
    "been of a number": changed("been", "3"),
    "been of texts": changed("been", '["3"]'),
    "been below 0": changed("been", "[-3]"),
    "scales of a list": changed("scales", "[]"),
    "scales of a text": changed("scales", '{"critic": "0.5"}'),
    "scales of 0": changed("scales", '{"critic": 0.0}'),
    "scales below 0": changed("scales", '{"critic": -0.5}'),
    "scales without end": changed("scales", '{"critic": Infinity}'),
    "scales of no number": changed("scales", '{"critic": NaN}'),
    "scales of a large int": changed("scales", '{"critic": 1' + 400 * "0" + "}"),
    "rounds below 0": changed("rounds", "-1"),
    "rounds of a text": changed("rounds", '"3"'),
    "rounds of a float": changed("rounds", "1e999"),
}


@pytest.fixture(scope="module")
def model():
    return builders.build_model(points_config(), (2,))


@pytest.fixture(scope="module")
def _saved(model, tmp_path_factory):
    return checkpoints.save(model, tmp_path_factory.mktemp("saved"), 1)


@pytest.fixture
def saying(_saved, tmp_path):
    """A function that makes a checkpoint with a watchdog's state, and a digest that fits."""

    def saying(text):
        path = tmp_path / _saved.name
        shutil.copyfile(_saved, path)
        rewrite(path, lambda file: file.attrs.update(watchdog=text))
        return path

    return saying


@pytest.mark.parametrize("case", WRONG)
def test_what_no_watchdog_says_is_damage(saying, case):
    with pytest.raises(checkpoints.DamagedError, match="^`watchdog` must .* Received: "):
        checkpoints.verify(saying(WRONG[case]))


def test_what_one_says_is_read(saying):
    path = saying(json.dumps(STATE))
    assert checkpoints.verify(path).epoch == 1 and checkpoints.watchdog_state(path) == STATE
    path = saying(without("rounds"))  # of a checkpoint from before they were counted
    assert checkpoints.verify(path).epoch == 1
    assert checkpoints.watchdog_state(path) == {**STATE, "rounds": 0}


def test_all_that_one_says_is_checked(model):
    watchdog = callbacks.Watchdog("warn", samples=0)
    watchdog.set_model(model)
    watchdog.on_train_begin()
    state = watchdog.get_state()
    watchdog.on_train_end()
    assert watchdog_memory.parse(json.dumps(state)) == state
    assert state.keys() == STATE.keys()


@pytest.mark.parametrize("role", ["generator", "nobody"])
def test_a_schedule_that_is_not_there_was_never_lowered(model, saying, role):
    config = points_config()
    path = saying(json.dumps({**STATE, "scales": {role: 0.5}}))
    with pytest.raises(ValueError, match=f"`--workdir` must hold .* a schedule of {role}, which"):
        overriding.load(model, path, checkpoints.verify(path), as_json(config), config)


def test_one_that_is_there_may_have_been(tmp_path):
    config = points_config()
    with config.unlocked():
        config.optimizers.generator.linear_updates = 10
    model = builders.build_model(config, (2,))
    path, state = checkpoints.save(model, tmp_path, 1), {**STATE, "scales": {"generator": 0.5}}
    rewrite(path, lambda file: file.attrs.update(watchdog=json.dumps(state)))
    memory = overriding.load(model, path, checkpoints.verify(path), as_json(config), config)
    assert memory == state
