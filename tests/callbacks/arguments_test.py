import os

import numpy as np
import pytest

from keras_ot_gans.callbacks import (
    EvaluateGenerator,
    NavigatorLogits,
    SampleGrid,
    SampleScatter,
    TransportPlan,
)
from keras_ot_gans.callbacks.arguments import make_folder

REAL = np.zeros((10, 2), np.float32)
MAKERS = [
    lambda directory, **kw: SampleGrid(directory, **kw),
    lambda directory, **kw: SampleScatter(REAL, directory, **kw),
    lambda directory, **kw: NavigatorLogits(REAL, directory, **kw),
    lambda directory, **kw: TransportPlan(REAL, directory, **kw),
    lambda directory, **kw: EvaluateGenerator(
        REAL, lambda real, fake: {}, jsonl=os.path.join(directory, "m.jsonl"), **kw
    ),
]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"every": 0}, ValueError, "`every` must be an integer of at least 1. Received: every=0"),
        ({"every": 2.0}, TypeError, "`every` must be an integer"),
        ({"every": True}, TypeError, "`every` must be an integer .* Received: every=True"),
        ({"num": -1}, ValueError, "`num` .* Received: num=-1"),
        ({"seed": -1}, ValueError, "`seed` must be an integer of at least 0"),
        ({"log_dir": 3}, TypeError, "`log_dir` must be a path. Received: 3"),
    ],
)
def test_arguments_are_checked_before_the_training(make, change, error, text, tmp_path):
    with pytest.raises(error, match=text):
        make(str(tmp_path), **change)


@pytest.mark.parametrize("make", MAKERS)
def test_folders_are_made_at_once(make, tmp_path):
    make(str(tmp_path / "run"), log_dir=tmp_path / "run" / "logs")
    assert (tmp_path / "run" / "logs").is_dir()


@pytest.mark.parametrize("make", MAKERS)
def test_a_file_in_the_way_is_named(make, tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(ValueError, match="must be a folder that can be made.*File exists|Not a"):
        make(str(tmp_path / "run"))


def test_a_folder_without_permission_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(ValueError, match="can be written to"):
        make_folder("directory", tmp_path)
