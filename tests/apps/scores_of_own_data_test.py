"""Scores of a run on own data: with classes, without, and what must be known before it begins."""

import numpy as np
import pytest
from PIL import Image

from apps import experiment, judging, run_labels
from configs import act_mnist, age_mnist, lipschitz_mnist, ot_gan_mnist
from keras_ot_gans.callbacks import read_json_lines
from tests.apps.labelled_digits import small

CONFIGS = {
    "act_mnist": act_mnist.get_config,
    "age_mnist": age_mnist.get_config,
    "lipschitz_mnist": lambda: lipschitz_mnist.get_config("wgan_gp"),
    "ot_gan_mnist": ot_gan_mnist.get_config,
}
PIXELS = np.random.default_rng(0).integers(0, 256, (24, 28, 28), dtype=np.uint8)


@pytest.fixture
def places(tmp_path):
    """Own data by what their classes are like."""
    for kind, folders in {"flat": [""], "one": ["a"], "two": ["a", "b"]}.items():
        for index, pixels in enumerate(PIXELS):
            path = tmp_path / kind / folders[index % len(folders)] / f"{index:02}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
    np.savez(tmp_path / "none.npz", images=PIXELS)
    np.savez(tmp_path / "two.npz", images=PIXELS, labels=np.arange(24) % 2)
    return tmp_path


def of(config, place):
    config.data.name = "npz" if place.suffix == ".npz" else "folder"
    return config, str(place)


@pytest.mark.parametrize("name", CONFIGS)
def test_stock_configs_say_which_own_data_they_cannot_score(name, places):
    config = CONFIGS[name]()
    for place, number in {"flat": "none", "one": "1", "none.npz": "none"}.items():
        given = of(config, places / place)
        line = judging.without_classes(*given)
        assert line.startswith("Without the scores is, fid, kid: ") and f"have {number}." in line
        assert judging.run_scores(*given) == []
        if number == "none":
            with pytest.raises(ValueError, match="`network` must not be 'classifier' where the re"):
                judging.run_network(*given)()
    for place in ("two", "two.npz"):
        given = of(config, places / place)
        assert judging.without_classes(*given) is None and len(judging.run_scores(*given)) == 1
    config.watch.network = "inception_graph"
    assert judging.without_classes(*of(config, places / "flat")) is None
    config.watch.scores = ()
    assert judging.without_classes(*of(config, places / "flat")) is None


@pytest.fixture
def config():
    config = small(lipschitz_mnist.get_config("gan"))
    config.data.with_labels, config.watch.scores = False, ("is", "fid")
    config.watch.num_scored, config.watch.pictures = 20, ()
    return config


def test_pictures_without_classes_are_trained_on_without_scores(config, places, capsys):
    config, data = of(config, places / "flat")
    experiment.train_and_evaluate(config, None, data, dry_run=True)
    said = capsys.readouterr().out
    assert "\nWithout the scores is, fid: " in said and "looks at" not in said
    last = experiment.train_and_evaluate(config, str(places / "run"), data)
    assert "\nWithout the scores is, fid: " in capsys.readouterr().out
    assert "fid" not in last and (places / "run" / "generator.keras").exists()
    assert len(read_json_lines(places / "run" / "metrics.jsonl")) == 2


def unreadable(config, places):
    (places / "broken.keras").write_text("")
    config.watch.network = str(places / "broken.keras")
    return "`network` must be a .keras file that can be read"


def missing(config, places):
    config.watch.network = str(places / "nowhere.keras")
    return "`network` must be a .keras file that can be read"


def no_weights(config, places):
    config.watch.network, config.watch.weights = "inception_graph", str(places / "nowhere.pb")
    return "`path` must be an existing file"


@pytest.mark.parametrize("spoil", [unreadable, missing, no_weights])
def test_a_network_that_cannot_be_used_leaves_no_folder(config, places, spoil):
    message = spoil(config, places)
    config, data = of(config, places / "two.npz")
    with pytest.raises(ValueError, match=message):
        experiment.train_and_evaluate(config, str(places / "run"), data)
    assert not (places / "run").exists()


def test_labels_of_a_run_that_never_began_are_not_those_of_other_data(
    config, monkeypatch, tmp_path
):
    """Killed while its folder was made: what its data were is known before what follows of them."""
    config.data.with_labels, config.watch.scores = True, ()
    np.savez(tmp_path / "first.npz", images=PIXELS, labels=np.arange(24) % 3)
    np.savez(tmp_path / "second.npz", images=PIXELS[::-1], labels=np.arange(24) % 2)
    keep = run_labels.keep

    def killed(folder, labels):
        keep(folder, labels)
        raise KeyboardInterrupt

    config, data = of(config, tmp_path / "first.npz")
    with monkeypatch.context() as patch:
        patch.setattr(run_labels, "keep", killed)
        with pytest.raises(KeyboardInterrupt):
            experiment.train_and_evaluate(config, str(tmp_path / "run"), data)
    with pytest.raises(ValueError, match="`--data_dir` must hold the data that the run was begun"):
        experiment.train_and_evaluate(config, str(tmp_path / "run"), str(tmp_path / "second.npz"))


@pytest.mark.parametrize("inside", [".", "run", "a/run"])
def test_a_run_does_not_lie_among_its_pictures(config, places, inside):
    config, data = of(config, places / "two")
    before = sorted(places.rglob("*"))
    with pytest.raises(ValueError, match="`--workdir` must (lie outside of --data_dir|be empty)"):
        experiment.train_and_evaluate(config, str(places / "two" / inside), data)
    assert sorted(places.rglob("*")) == before
