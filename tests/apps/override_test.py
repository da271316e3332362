"""A run that goes on with another config, and what is refused with the folder as it was."""

import json
import shutil

import h5py
import numpy as np
import pytest

from apps import checkpoints, experiment, overriding, report, run_labels, signals, train
from apps.run_folder import RunFolder
from keras_ot_gans.callbacks import read_json_lines
from keras_ot_gans.ops.labels import Labels
from tests.apps.checkpoint_arrays import arrays, last_arrays
from tests.apps.same_runs import OF_MACHINE


def go(config, workdir, **kwargs):
    return experiment.train_and_evaluate(config, str(workdir), **kwargs)


def contents(folder):
    """The bytes of all files of a folder."""
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def lines(workdir):
    found = {line["epoch"]: line for line in read_json_lines(workdir / "metrics.jsonl")}
    return [{k: v for k, v in line.items() if k not in OF_MACHINE} for line in found.values()]


def equal(ours, theirs):
    assert ours.keys() == theirs.keys()
    for key, value in theirs.items():
        np.testing.assert_array_equal(ours[key], value, err_msg=key)


@pytest.fixture(scope="module")
def finished(request, tmp_path_factory):
    """Finished runs by the name of their config's fixture, trained once."""
    made = {}

    def run(name, config):
        if name not in made:
            made[name] = tmp_path_factory.mktemp(name) / "run"
            go(config, made[name])
        return made[name]

    return run


@pytest.fixture
def act_run(act_config, finished, tmp_path):
    """A copy of a finished run of four epochs, with its config."""
    shutil.copytree(finished("act", act_config), tmp_path / "run")
    return act_config, tmp_path / "run"


@pytest.fixture
def swd_run(swd_config, finished, tmp_path):
    shutil.copytree(finished("swd", swd_config), tmp_path / "run")
    return swd_config, tmp_path / "run"


def test_a_finished_run_goes_on_as_if_it_had_been_longer_from_the_beginning(
    act_run, tmp_path, capsys
):
    config, run = act_run
    before, generator = (run / "config.json").read_bytes(), (run / "generator.keras").read_bytes()
    config.train.generator_updates = 60
    untouched = contents(run)
    with pytest.raises(ValueError, match="generator_updates: 40 there, 60 now(.|\n)*--override"):
        go(config, run)
    assert contents(run) == untouched
    go(config, run, override=True)
    assert "Accepted by --override:\n  train.generator_updates: 40" in capsys.readouterr().out
    go(config, tmp_path / "long")
    equal(last_arrays(run), last_arrays(tmp_path / "long"))
    assert lines(run) == lines(tmp_path / "long")
    assert [line["epoch"] for line in read_json_lines(run / "metrics.jsonl")] == [1, 2, 3, 4, 5, 6]
    assert RunFolder(run).read_config()["train"]["generator_updates"] == 60
    assert (run / "config_until_epoch_000004.json").read_bytes() == before
    assert (run / "generator_of_epoch_000004.keras").read_bytes() == generator
    # Now it is a run of the new config, with or without the flag.
    capsys.readouterr()
    for override in (False, True):
        go(config, run, override=override)
        assert "Nothing to do" in capsys.readouterr().out


def test_the_page_of_such_a_run(swd_run, run_app, tmp_path):
    config, run = swd_run
    config.train.generator_updates, config.model.prior = 50, "uniform"
    go(config, run, override=True)
    code, *_ = run_app(report, f"--workdir={run}", f"--out={tmp_path / 'page.html'}")
    page = (tmp_path / "page.html").read_text()
    assert code == 0 and "uniform" in page


def rate(path, role="generator"):
    """The learning rate in a checkpoint: the second variable of an optimizer."""
    with h5py.File(path, "r") as file:
        return float(file[f"{role}_optimizer/vars/1"][()])


def test_a_new_learning_rate_counts_also_where_the_run_is_killed_before_its_next_checkpoint(
    swd_run, tmp_path
):
    config, run = swd_run
    old = config.optimizers.generator.learning_rate
    config.train.generator_updates, config.optimizers.generator.learning_rate = 50, old / 8
    go(config, run, override=True)
    paths = checkpoints.files(run / "checkpoints")
    # Rates are float32.
    np.testing.assert_allclose([rate(path) for path in paths[-2:]], [old, old / 8], rtol=1e-6)
    assert arrays(paths[-1]).keys() == arrays(paths[-2]).keys()
    expected = last_arrays(run)
    paths[-1].unlink()  # as if killed in epoch 5
    (run / "generator.keras").unlink()
    go(config, run)
    equal(last_arrays(run), expected)
    # Back at the old one, the epoch ends elsewhere.
    shutil.rmtree(run)
    config.optimizers.generator.learning_rate = old
    go(config, run)
    weights = "generator/layers/dense/vars/0"
    assert not np.array_equal(last_arrays(run)[weights], expected[weights])


def test_another_batch_size_goes_on_and_can_be_stopped(swd_run, tmp_path):
    config, run = swd_run
    config.train.generator_updates, config.train.batch_size = 60, 12
    go(config, run, override=True)
    expected = last_arrays(run)
    for path in checkpoints.files(run / "checkpoints"):
        if checkpoints.epoch_of(path) == 6:
            path.unlink()
    (run / "generator.keras").unlink()
    go(config, run)
    equal(last_arrays(run), expected)


def _hidden(config):
    config.model.critic.hidden = (9,)


def _optimizer(config):
    config.optimizers.critic.name = "adamw"


def _schedule(config):
    with config.unlocked():
        config.optimizers.critic.cosine_updates = 100


def _average(config):
    config.model.ema_decay = None


def _no_critic(config):
    config.model.critic_steps = 0


def _data(config):
    config.data.name = "bimodal_1d"
    with config.unlocked():
        for key in [key for key in config.data if key not in ("name", "n")]:
            del config.data[key]


def _shorter(config):
    config.train.generator_updates = 30


def _same(config):
    config.train.generator_updates = 40


def _epochs(config):
    config.train.updates_per_epoch = 20


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_hidden, r"critic/layers/dense/vars/0: float32 \(2, 8\) there, float32 \(2, 9\) now"
                  r"(.|\n)*model.critic.hidden: \[8\] there, \[9\] now"),
        (_optimizer, r"`optimizers.critic.name` must stay.*'adamw', with 'adam'"),
        (_schedule, "critic_optimizer/vars/.* there, nothing now"),
        (_average, "ema_generator/.* there, nothing now"),
        (_no_critic, "`optimizers` must have exactly the roles"),
        (_data, r"samples: \(2,\) there, \(1,\) now"),
        (_shorter, "`train.generator_updates` must be more.*Received: 30, and 40 in epoch_000004"),
        (_same, "`train.generator_updates` must be more.*Received: 40, and 40"),
        (_epochs, "`train.updates_per_epoch` must stay.*Received: 20, with 10"),
    ],
)  # fmt: skip
def test_what_cannot_go_on_is_refused_and_the_folder_stays(act_run, change, message):
    config, run = act_run
    config.train.generator_updates = 80
    if change is _same:
        config.model.forward_weight = 0.25  # something else is new
    change(config)
    before = contents(run)
    with pytest.raises(ValueError, match=message) as refused:
        go(config, run, override=True)
    assert str(refused.value).startswith("`")  # one line and code 2, not a traceback
    assert contents(run) == before


def test_without_a_checkpoint(swd_run, tmp_path):
    config, run = swd_run
    shutil.rmtree(run / "checkpoints")
    config.train.generator_updates = 80
    with pytest.raises(ValueError, match="`--override` must find a checkpoint"):
        go(config, run, override=True)
    RunFolder(tmp_path / "killed").begin(config)  # before its first epoch was over
    config.train.generator_updates = 10
    go(config, tmp_path / "killed", override=True)
    assert [line["epoch"] for line in lines(tmp_path / "killed")] == [1]


def test_within_an_epoch(act_config, tmp_path, monkeypatch):
    """Stopped after three of five rounds, two generator updates in each."""
    run, stop = tmp_path / "run", experiment.StopOnRequest

    class StopInEpochTwo(stop):
        def on_train_batch_end(self, batch, logs=None):
            signals.current().asked = (self._epoch, batch) == (1, 2)
            super().on_train_batch_end(batch, logs)

    monkeypatch.setattr(experiment, "StopOnRequest", StopInEpochTwo)
    with pytest.raises(SystemExit):
        go(act_config, run)
    monkeypatch.setattr(experiment, "StopOnRequest", stop)
    before = contents(run)
    act_config.model.generator_steps = 1
    with pytest.raises(ValueError, match="must not cut an epoch.*generator_steps"):
        go(act_config, run, override=True)
    act_config.model.generator_steps = 2
    act_config.train.generator_updates = 10
    with pytest.raises(ValueError, match="Received: 10, and 10 in .*and more"):
        go(act_config, run, override=True)
    assert contents(run) == before
    act_config.train.generator_updates = 30
    go(act_config, run, override=True)
    go(act_config, tmp_path / "whole")
    equal(last_arrays(run), last_arrays(tmp_path / "whole"))
    assert lines(run) == lines(tmp_path / "whole")
    assert (run / "config_until_epoch_000001_round_000003.json").exists()


def test_other_classes_are_refused(labelled_config):
    kept = run_labels.of_data(labelled_config)
    config, changed = labelled_config, ["data.flip: False there, True now"]
    overriding.check_labels(kept, config, changed, None)
    overriding.check_labels(None, config, changed, None)
    for other in (Labels(10), Labels(10, (1.0, *kept.frequencies[1:])), Labels(9)):
        with pytest.raises(ValueError, match="`data` must have the classes"):
            overriding.check_labels(other, config, changed, None)
        overriding.check_labels(other, config, ["train.seed: 0 there, 1 now"], None)


def test_configs_of_checkpoints(tmp_path):
    folder = RunFolder(tmp_path)
    for name, seed in (("config", 4), ("config_until_epoch_000003_round_000002", 1),
                       ("config_until_epoch_000010", 2)):  # fmt: skip
        (tmp_path / f"{name}.json").write_text(json.dumps({"seed": seed}))
    for name, seed in (("epoch_000003", 1), ("epoch_000003_round_000002", 1), ("epoch_000004", 2),
                       ("epoch_000010", 2), ("epoch_000010_round_000001", 4)):  # fmt: skip
        found = folder.config_of(folder.checkpoints / f"{name}.weights.h5")
        assert found == {"seed": seed}, name


def test_the_flag_arrives(run_app, monkeypatch):
    seen = []
    monkeypatch.setattr(experiment, "train_and_evaluate", lambda *given: seen.append(given))
    config = "--config=configs/swd_8gaussians.py"
    assert run_app(train, config, "--workdir=w", "--override")[0] == 0
    assert seen[0][5] is True
