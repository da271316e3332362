import numpy as np
import pytest

from apps import checkpoints, experiment, sample, sampling
from apps.run_folder import RunFolder


@pytest.fixture
def run(swd_config, tmp_path):
    """A run that was stopped after its second epoch."""
    swd_config.train.generator_updates = 20
    experiment.train_and_evaluate(swd_config, str(tmp_path / "run"))
    return tmp_path / "run"


def test_samples_depend_on_the_seed_alone(run, tmp_path):
    def draw(seed):
        sampling.sample_to_file(str(run), 7, seed, str(tmp_path / "a.npz"))
        return np.load(tmp_path / "a.npz")["samples"]

    first = draw(0)
    assert first.shape == (7, 2) and first.dtype == np.float32
    np.testing.assert_array_equal(draw(0), first)
    assert not np.array_equal(draw(1), first)

    (run / "generator.keras").unlink()
    # The same network, compiled twice: within float32 rounding.
    np.testing.assert_allclose(draw(0), first, atol=1e-6)


def test_samples_are_those_of_the_model(run, swd_config, tmp_path):
    from apps import builders

    model = builders.build_model(swd_config, (2,))
    model.load_weights(checkpoints.files(run / "checkpoints")[-1])
    sampling.sample_to_file(str(run), 7, 4, str(tmp_path / "a.npz"))
    found = np.load(tmp_path / "a.npz")["samples"]
    np.testing.assert_allclose(found, model.sample(7, seed=4), atol=1e-6)  # float32 rounding


def test_app_prints_where(run_app, run, tmp_path):
    code, printed, _ = run_app(sample, f"--workdir={run}", "--num=5", f"--out={tmp_path / 'a.png'}")
    assert code == 0
    assert "5 samples of shape (2,) from generator.keras" in printed
    assert (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--num=0"], "`num` must be at least 1"),
        (["--seed=-1"], "`seed` at least 0"),
        (["--out=a.jpg"], "`out` must be a file name that ends with .npz or .png"),
        (["--out=nowhere/a.png"], "in a folder that exists"),
        ([], "`--workdir` must be the folder of a run"),
    ],
)
def test_bad_arguments_are_one_line(run_app, tmp_path, arguments, part):
    code, _, error = run_app(sample, f"--workdir={tmp_path}", *arguments)
    assert code == 2 and part in error and "Received: " in error


def test_folder_without_a_generator_or_with_a_broken_one(swd_config, tmp_path):
    folder = RunFolder(tmp_path)
    folder.begin(swd_config)
    with pytest.raises(ValueError, match="`--workdir` must hold a generator.*no checkpoint yet"):
        sampling.sample_to_file(str(tmp_path), 1, 0, str(tmp_path / "a.npz"))
    folder.generator.write_text("no model")
    with pytest.raises(ValueError, match="`--workdir` must hold a generator that can be read"):
        sampling.sample_to_file(str(tmp_path), 1, 0, str(tmp_path / "a.npz"))
