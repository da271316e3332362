"""Run folders whose files are not what was written: refused, or what is no record passed over."""

import shutil

import pytest

from tests.apps.malformed.harness import accepted, contents, refused, train_flags
from tests.apps.malformed.runs import edit_json, newest


def put(name, content):
    """Return what replaces a file of the run."""

    def spoil(root):
        path = root / "run" / name
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)

    return spoil


def config(change):
    """Return what changes `config.json`."""
    return lambda root: edit_json(root / "run" / "config.json", change)


def labels(change):
    """Return what changes `labels.json`."""
    return lambda root: edit_json(root / "run" / "labels.json", change)


def _set(path, value):
    def change(content):
        section = content
        for key in path.split(".")[:-1]:
            section = section[key]
        section[path.split(".")[-1]] = value

    return config(change)


def _as_folder(name):
    def spoil(root):
        (root / "run" / name).unlink()
        (root / "run" / name).mkdir()

    return spoil


# name: what is done to a finished run of labelled images; sampling refuses all of them
RUNS = {
    "no config": put("config.json", None),
    "an empty config": put("config.json", b""),
    "half a config": put("config.json", b'{"model": {"name": "lips'),
    "a binary config": put("config.json", bytes(range(256))),
    "a config of another encoding": put("config.json", '{"ä": 1}'.encode("utf-16")),
    "a folder for a config": _as_folder("config.json"),
    "a list for a config": put("config.json", b"[1, 2]"),
    "a number for a config": put("config.json", b"3"),
    "nothing for a config": put("config.json", b"null"),
    "a word for a config": put("config.json", b'"model"'),
    "an empty dict for a config": put("config.json", b"{}"),
    "a deep config": put("config.json", b'{"model":' * 3000 + b"1" + b"}" * 3000),
    "a deep list for a config": put("config.json", b"[" * 100_000),
    "a number of many digits": put("config.json", b'{"model": 1' + b"0" * 5000 + b"}"),
    "a pickle for a config": put("config.json", b"\x80\x04cos\nsystem\n(S'touch ran'\ntR."),
    "a config without a model": config(lambda c: c.pop("model") and None),
    "a config without data": config(lambda c: c.pop("data") and None),
    "a config without optimizers": config(lambda c: c.pop("optimizers") and None),
    "a config with a list for a model": config(lambda c: c.update(model=[])),
    "a config with a number for data": config(lambda c: c.update(data=1)),
    "a config with NaN": _set("model.ema_decay", float("nan")),
    "a config with infinity": _set("optimizers.critic.learning_rate", float("inf")),
    "no prior": _set("model.prior", None),
    "an unknown prior": _set("model.prior", "cauchy"),
    "a list for a prior": _set("model.prior", ["normal"]),
    "a dict for a prior": _set("model.prior", {"class_name": "os.system"}),
    "a number for a data name": _set("data.name", 3),
    "no labels": put("labels.json", None),
    "empty labels": put("labels.json", b""),
    "binary labels": put("labels.json", bytes(range(256))),
    "a list for labels": put("labels.json", b"[1]"),
    "a number for labels": put("labels.json", b"4"),
    "deep labels": put("labels.json", b"[" * 100_000),
    "labels of another key": labels(lambda c: {"classes": 4}),
    "labels of no class": labels(lambda c: c.update(num_classes=0)),
    "labels of more classes": labels(lambda c: c.update(num_classes=1000, frequencies=None)),
    "labels of a word": labels(lambda c: c.update(num_classes="four")),
    "labels of a half": labels(lambda c: c.update(num_classes=4.5)),
    "labels of NaN": labels(lambda c: c.update(num_classes=float("nan"))),
    "too few frequencies": labels(lambda c: c.update(frequencies=[1.0])),
    "frequencies below 0": labels(lambda c: c.update(frequencies=[-1.0] * 4)),
    "frequencies of words": labels(lambda c: c.update(frequencies=["a"] * 4)),
    "frequencies in one number": labels(lambda c: c.update(frequencies=3)),
    "frequencies of lists": labels(lambda c: c.update(frequencies=[[1], [1, 2], 3, 4])),
    "a text for the generator": put("generator.keras", b"no generator"),
    "no bytes for the generator": put("generator.keras", b""),
    "a folder for the generator": _as_folder("generator.keras"),
    "HDF5 for the generator": lambda root: shutil.copy(
        newest(root / "run"), root / "run/generator.keras"
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_spoilt_run_is_not_sampled(run_app, finished_images, name):
    RUNS[name](finished_images)
    flags = [
        f"--workdir={finished_images / 'run'}",
        f"--out={finished_images / 'x.npz'}",
        "--num=2",
    ]
    message = refused(run_app, "sample", flags, "", finished_images)
    assert message.split("`")[1] in ("--workdir", "model.prior", "data.name"), message


# models: the config of a run that is not finished decides what the checkpoint is loaded into
MODELS = {
    "an unknown model": ("model.name", "gan"),
    "a model of other keys": ("model.name", "ot_gan"),
    "an unknown network": ("model.generator.name", "unet"),
    "a network of points": ("model.generator.name", "mlp"),
    "a wider network": ("model.generator.width", 2),
    "a network of a huge width": ("model.generator.width", 10**9),
    "a width of 0": ("model.generator.width", 0),
    "a width in words": ("model.generator.width", "wide"),
    "other latents": ("model.latent_dim", 5),
    "latents beyond all numbers": ("model.latent_dim", 10**30),
    "an unknown loss": ("model.phi", "cubic"),
    "an unknown optimizer": ("optimizers.critic.name", "lion"),
    "another optimizer": ("optimizers.critic.name", "sgd"),
    "no optimizer of the critic": (
        "optimizers",
        {"generator": {"name": "adam", "learning_rate": 0.1}},
    ),
    "a loss by a path": ("model.phi", "../../phi"),
    "a batch of 0": ("train.batch_size", 0),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_config_of_another_model_is_not_sampled(run_app, finished_images, name):
    (finished_images / "run/generator.keras").unlink()
    _set(*MODELS[name])(finished_images)
    flags = [
        f"--workdir={finished_images / 'run'}",
        f"--out={finished_images / 'x.npz'}",
        "--num=2",
    ]
    refused(run_app, "sample", flags, "", finished_images)


LINES = {
    "torn": b'{"epoch": 1, "ste',
    "binary": bytes(range(128, 256)),
    "a list": b"[1, 2]",
    "a number": b"3",
    "without its epoch": b'{"step": 3}',
    "with an epoch of a list": b'{"epoch": [1], "step": 3}',
    "deep": b"[" * 100_000,
    "of many digits": b'{"epoch": 1' + b"0" * 5000 + b"}",
    "empty": b"",
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_that_is_no_record_is_passed_over(run_app, finished_points, name):
    path = finished_points / "run/metrics.jsonl"
    path.write_bytes(path.read_bytes() + LINES[name] + b"\n")
    before = contents(finished_points)
    printed, _ = accepted(run_app, "train", train_flags(finished_points))
    assert "is finished" in printed and contents(finished_points) == before
