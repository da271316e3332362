"""Every mistake on the command line is one line, exit code 2."""

import pytest

from apps import demo, sample, train

CONFIG = "--config=configs/act_8gaussians.py"


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch, request):
    monkeypatch.chdir(request.config.rootpath)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    {
        "unknown key": ([CONFIG, "--config.foo=1"], ["`--config.foo`", "'foo'", "model", "watch"]),
        "unknown inner key": (
            [CONFIG, "--config.train.batchsize=1"],
            ["`--config.train.batchsize`", "'batchsize'", "`config.train`", "batch_size"],
        ),
        "key of a number": (
            [CONFIG, "--config.train.seed.x=1"],
            ["`--config.train.seed.x`", "none"],
        ),
        "wrong type": ([CONFIG, "--config.train.batch_size=many"], ["batch_size=many", "int"]),
        "fixed None": ([CONFIG, "--config.model.critic=mlp"], ["`--config.model.critic`", "Copy"]),
        "no such file": (["--config=configs/nope.py"], ["`--config`", "configs/nope.py"]),
        "no config": (["--workdir=x"], ["`--config` must be given"]),
        "no workdir": ([CONFIG], ["`--workdir` must be given", "--workdir="]),
        "an empty workdir": ([CONFIG, "--workdir="], ["`--workdir` must be given", "nothing"]),
        "unknown flag": ([CONFIG, "--workdri=x"], ["`--workdri`", "--workdir", "--dry_run"]),
        "no dashes": ([CONFIG, "workdir=x"], ["two dashes", "workdir=x"]),
        "no value": ([CONFIG, "--workdir"], ["Missing value", "--workdir"]),
        "unknown name": (
            [CONFIG, "--config.model.cost=cosin", "--dry_run"],
            ["`model.cost`", "cosine, euclidean, squared_euclidean", "Did you mean 'cosine'"],
        ),
        "unknown data": (
            [CONFIG, "--config.data.name=nine_gaussians", "--dry_run"],
            ["`data.name`", "'nine_gaussians'", "swiss_roll", "Did you mean 'eight_gaussians'"],
        ),
        "data key of other data": (
            [CONFIG, "--config.data.name=mnist", "--config.watch.metrics=()", "--dry_run"],
            ["`data`", "image_size", "Received: n"],
        ),
        "metric of other data": (
            [CONFIG, "--config.data.name=mnist", "--dry_run"],
            ["`watch.metrics`", "mode_coverage", "earth_mover"],
        ),
    }.values(),
)  # fmt: skip
def test_train_refuses(run_app, tmp_path, arguments, parts):
    code, _, error = run_app(train, *arguments)
    assert code == 2, error
    assert error.startswith("error: `") and "Received: " in error and "Traceback" not in error
    assert [part for part in parts if part not in error] == []


@pytest.mark.parametrize("app", [demo, sample, train])
def test_help_lists_flags_and_an_example(run_app, app):
    code, printed, _ = run_app(app, "--help")
    assert code == 0
    assert "python -m apps." in printed and "--workdir" in printed and "--[no]debug" in printed


def test_debug_shows_the_traceback(run_app):
    with pytest.raises(ValueError, match="model.cost"):
        run_app(train, CONFIG, "--config.model.cost=cosin", "--dry_run", "--debug")


def test_defect_shows_its_traceback(run_app):
    def broken():
        raise ValueError("shapes differ deep inside")

    with pytest.raises(ValueError, match="deep inside"):
        run_app(sample, "--workdir=x", main=broken)
