import json
import os
import sys
from pathlib import Path

import pytest

from apps import run_folder, train
from apps.differences import differences
from apps.run_folder import RunFolder
from tests.apps.malformed import runs

CONFIG = runs.points_config()


def test_begin_writes_config_and_environment_and_the_same_config_may_go_on(tmp_path):
    folder = RunFolder(tmp_path / "deep" / "run")
    folder.check(CONFIG)
    assert not folder.path.exists()  # a check writes nothing
    for _ in range(2):
        folder.begin(CONFIG)
        folder.check(CONFIG)
    found = json.loads(folder.config.read_text())
    assert found["model"]["generator"]["hidden"] == [4]
    assert found["optimizers"] == CONFIG.optimizers.to_dict()
    text = folder.environment.read_text()
    assert text.count("started: ") == 2
    assert "tensorflow: 2." in text and "python: 3." in text and "devices: " in text


def test_another_config_is_refused_key_by_key(tmp_path):
    folder = RunFolder(tmp_path)
    folder.begin(CONFIG)
    other = CONFIG.copy_and_resolve_references()
    with other.unlocked():
        other.model.generator.hidden = (100,)
        other.train.seed = other.train.sed = 1
        del other.train.seed
    with pytest.raises(ValueError, match="`--workdir` must be new") as refused:
        folder.check(other)
    assert str(refused.value).splitlines()[1:-1] == [
        "  model.generator.hidden: [4] there, [100] now",
        "  train.sed: not a key there, 1 now",
        "  train.seed: 0 there, not a key now",
    ]


def test_section_against_value_is_one_line():
    assert differences({"a": None}, {"a": {"b": 1}}) == ["a: None there, {'b': 1} now"]


def test_unusable_folders_are_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match="`--workdir` must be a folder. Received: .*file, a file"):
        RunFolder(tmp_path / "file").check(CONFIG)
    with pytest.raises(ValueError, match="`--workdir` must be a folder that can be written to"):
        RunFolder(tmp_path / "file" / "run").begin(CONFIG)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints/epoch_000001.weights.h5").write_text("weights")
    with pytest.raises(ValueError, match="`--workdir` must be empty or .*with checkpoints and"):
        RunFolder(tmp_path).check(CONFIG)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ValueError, match="`--workdir` must be the folder of a run.*cannot be read"):
        RunFolder(tmp_path).check(CONFIG)
    (tmp_path / "config.json").write_text('{"model": "bert"}')
    for override in (False, True):
        with pytest.raises(ValueError, match="config.json is not of this library .`model` must"):
            RunFolder(tmp_path).check(CONFIG, override)
    with pytest.raises(ValueError, match="`--workdir` must begin with ~ only for the home of"):
        RunFolder("~no such user/run")


def test_a_name_that_no_folder_can_have_is_refused(tmp_path):
    for act in (lambda folder: folder.check(CONFIG), lambda folder: folder.begin(CONFIG)):
        with pytest.raises(ValueError, match="`--workdir` must be a folder that can be .*too long"):
            act(RunFolder(tmp_path / ("x" * 300)))


def test_a_name_that_is_no_text_is_refused(tmp_path, run_app):
    name = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    code, _, error = run_app(train, "--config=configs/swd_8gaussians.py", f"--workdir={name}")
    assert code == 2 and "`--workdir` must be a name in UTF-8" in error and r"caf\udce9" in error
    assert os.listdir(tmp_path) == []


def test_a_folder_that_may_not_be_entered_is_refused(tmp_path, monkeypatch):
    def forbidden(path):  # tests may run as a user for whom nothing is
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", forbidden)
    with pytest.raises(ValueError, match="`--workdir` must be a folder that can .*Permission"):
        RunFolder(tmp_path / "run").check(CONFIG)


def test_a_command_line_that_is_no_text_is_written_down(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["app", os.fsdecode(b"--data_dir=caf\xe9")])
    folder = RunFolder(tmp_path)
    folder.begin(CONFIG)
    assert r"command: app --data_dir=caf\udce9" in folder.environment.read_text()


@pytest.mark.parametrize("stopped_at", ["config.json", "checkpoints", "environment.txt"])
def test_a_run_that_was_killed_while_it_began_begins_again(tmp_path, monkeypatch, stopped_at):
    folder = RunFolder(tmp_path / "run")

    def killed_before(act):
        def wrapped(path, *args, **kwargs):
            if Path(path).name == stopped_at:
                raise KeyboardInterrupt
            return act(path, *args, **kwargs)

        return wrapped

    with monkeypatch.context() as patched:
        patched.setattr(run_folder, "replacing", killed_before(run_folder.replacing))
        patched.setattr(Path, "mkdir", killed_before(Path.mkdir))
        patched.setattr("builtins.open", killed_before(open))
        with pytest.raises(KeyboardInterrupt):
            folder.begin(CONFIG)
    assert not (folder.path / stopped_at).exists()
    assert folder.check(CONFIG) == []
    folder.begin(CONFIG)
    assert folder.check(CONFIG) == [] and folder.checkpoints.is_dir()


def test_what_killed_runs_left_goes_and_what_others_write_stays(tmp_path):
    folder, other = RunFolder(tmp_path), os.getppid()  # pytest's
    (folder.checkpoints / "start").mkdir(parents=True)
    left = [f".unfinished-{os.getpid()}-a.png"]  # of one that had our number
    left += [f"checkpoints/{place}.unfinished-{other}-a.h5" for place in ("", "start/")]
    page = tmp_path / f".unfinished-{other}-page.html"  # an app that reads may write beside it
    for name in [*left, page.name]:
        (tmp_path / name).write_text("part")
    folder.begin(CONFIG)
    assert list(tmp_path.rglob(".unfinished-*")) == [page]


def test_an_empty_folder_of_checkpoints_is_no_run(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    assert RunFolder(tmp_path).check(CONFIG) == []


def test_records_keep_the_later_line_of_a_repeated_epoch(tmp_path):
    folder = RunFolder(tmp_path)
    assert folder.records() == [] and folder.last_record() == {}
    lines = [{"epoch": 1, "w1": 1}, {"epoch": 2, "w1": 9}, {"epoch": 2, "w1": 2}]
    folder.metrics.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert [record["w1"] for record in folder.records()] == [1, 2]
    assert folder.last_record() == {"epoch": 2, "w1": 2}
