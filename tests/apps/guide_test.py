"""The user guide's commands do what it says, in its order, with a shorter training."""

import importlib
import json
import shlex
from pathlib import Path

import pytest
from PIL import Image

from tests.docs_checks import Page

ROOT = Path(__file__).resolve().parents[2]
# Of a flag that is given twice, the last one counts.
SHORTER = {
    "apps.train": [
        "--config.train.generator_updates=4", "--config.train.updates_per_epoch=2",
        "--config.train.steps_per_execution=1", "--config.train.batch_size=8",
        "--config.model.generator.width=2", "--config.model.critic.width=2",
        "--config.watch.every=1", "--config.watch.num_scored=40",
    ],
    "apps.evaluate": ["--num=60"],
}  # fmt: skip
NOT_RUN = ("git clone", "python3 -m venv", "pip install", "tensorboard")  # `make install` does


def test_every_command_of_the_guide(run_app, tmp_path, monkeypatch):
    page = Page.read(ROOT / "docs/guide.md")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))  # statistics and classifier
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    (drawing,) = (block.text for block in page.blocks if block.language == "python")
    assert "range(2000)" in drawing
    exec(compile(drawing.replace("range(2000)", "range(120)"), "guide.md", "exec"), {})
    assert len(list(tmp_path.glob("photos/*/*.png"))) == 120
    said = []
    for command in page.commands:
        words = shlex.split(command.text)
        if words[:2] != ["python", "-m"] or len(words) < 4:
            assert words[0] != "python" and ("\n" not in command.text)
            continue
        app = importlib.import_module(words[2])
        code, out, err = run_app(app, *words[3:], *SHORTER.get(words[2], []))
        assert code == 0, command.text + err
        said.append((words[2], out))
    assert [name.removeprefix("apps.") for name, _ in said] == [
        "train", "train", "sample", "sample", "evaluate", "evaluate", "train", "report", "export",
        "sample",
    ]  # fmt: skip
    assert "Nothing was written" in said[0][1] and "Finished" in said[1][1]
    for name in ("samples.png", "dot.png", "again.png", "runs/photos/reals.png"):
        with Image.open(tmp_path / name) as picture:
            picture.verify()
    plain, dot = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("plain", "dot"))
    assert plain["card"]["n_fake"] == dot["card"]["n_fake"] == 60
    assert plain["card"]["sampler"] == "plain()" and "updates=10" in json.dumps(dot["card"])
    assert "runs/photos_sngan" in (tmp_path / "report.html").read_text()
    assert (tmp_path / "exported" / "saved_model.pb").exists()


@pytest.mark.parametrize("start", NOT_RUN)
def test_what_is_not_run_is_in_the_guide(start):
    assert start in (ROOT / "docs/guide.md").read_text()
