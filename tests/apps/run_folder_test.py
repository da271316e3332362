import json

import pytest
from ml_collections import ConfigDict

from apps.run_folder import RunFolder, differences

CONFIG = ConfigDict({"model": {"hidden": (100, 50), "decay": None}, "train": {"seed": 0}})


def test_begin_writes_config_and_environment_and_the_same_config_may_go_on(tmp_path):
    folder = RunFolder(tmp_path / "deep" / "run")
    folder.check(CONFIG)
    assert not folder.path.exists()  # a check writes nothing
    for _ in range(2):
        folder.begin(CONFIG)
        folder.check(CONFIG)
    assert json.loads(folder.config.read_text()) == {
        "model": {"hidden": [100, 50], "decay": None},
        "train": {"seed": 0},
    }
    text = folder.environment.read_text()
    assert text.count("started: ") == 2
    assert "tensorflow: 2." in text and "python: 3." in text and "devices: " in text


def test_another_config_is_refused_key_by_key(tmp_path):
    folder = RunFolder(tmp_path)
    folder.begin(CONFIG)
    other = ConfigDict(CONFIG)
    other.model.hidden = (100,)
    other.train = ConfigDict({"sed": 0})
    with pytest.raises(ValueError, match="`--workdir` must be new") as refused:
        folder.check(other)
    assert str(refused.value).splitlines()[1:-1] == [
        "  model.hidden: [100, 50] there, [100] now",
        "  train.sed: not a key there, 0 now",
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
    with pytest.raises(ValueError, match="`--workdir` must be empty or .*with checkpoints and"):
        RunFolder(tmp_path).check(CONFIG)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ValueError, match="`--workdir` must be the folder of a run.*cannot be read"):
        RunFolder(tmp_path).check(CONFIG)


def test_records_keep_the_later_line_of_a_repeated_epoch(tmp_path):
    folder = RunFolder(tmp_path)
    assert folder.records() == [] and folder.last_record() == {}
    lines = [{"epoch": 1, "w1": 1}, {"epoch": 2, "w1": 9}, {"epoch": 2, "w1": 2}]
    folder.metrics.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert [record["w1"] for record in folder.records()] == [1, 2]
    assert folder.last_record() == {"epoch": 2, "w1": 2}
