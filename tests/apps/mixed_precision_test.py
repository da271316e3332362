"""`train.mixed_precision`: the networks of a config in half precision, and nothing else."""

import keras
import numpy as np
import pytest

from apps import builders, experiment, train
from apps.run_folder import RunFolder
from configs import act_8gaussians, act_mnist, age_mnist, lipschitz_mnist, ot_gan_mnist

MODULES = {
    "act": act_mnist,
    "act, points": act_8gaussians,
    "age": age_mnist,
    "lipschitz": lipschitz_mnist,
    "ot_gan": ot_gan_mnist,
}


def narrow(config, precision):
    with config.unlocked():
        config.train.mixed_precision = precision
        config.train.jit_compile, config.train.batch_size = False, 8
        for role in ("generator", "critic", "navigator", "encoder", "discriminator"):
            section = config.model.get(role)
            for key in ("width", "fc_width"):
                if section is not None and key in section:
                    section[key] = 4
    return config


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", MODULES)
def test_a_round_in_half_precision(name, precision):
    config = narrow(MODULES[name].get_config(), precision)
    shape = (2,) if name == "act, points" else (28, 28, 1)
    model = builders.build_model(config, shape)
    assert keras.config.dtype_policy().name == "float32"  # metrics, and the next model
    policies = {layer.dtype_policy.name for layer in model.generator.layers}
    assert f"mixed_{precision}" in policies
    for role in model.networks:
        scaled = isinstance(model.optimizer_of(role), keras.optimizers.LossScaleOptimizer)
        assert scaled == (precision == "float16"), role
        assert {v.dtype for v in model.variables_of(role)} == {"float32"}
    before = [v.numpy() for v in model.variables_of("generator")]
    x = np.random.default_rng(0).uniform(-1, 1, (32, *shape)).astype("float32")
    # The first scales may be too large: their updates are skipped.
    logs = model.fit(x, batch_size=8, verbose=0).history
    assert np.isfinite(list(logs.values())).all()
    after = [v.numpy() for v in model.variables_of("generator")]
    assert any((a != b).any() for a, b in zip(before, after, strict=True))
    samples = model.sample(3, seed=0)
    assert samples.dtype == np.float32 and np.isfinite(samples).all()


def test_the_flag_is_part_of_the_run(run_app, act_config, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(experiment, "train_and_evaluate", lambda config, *rest: seen.append(config))
    flags = ("--config=configs/swd_8gaussians.py", "--workdir=w")
    run_app(train, *flags, "--mixed_precision=bfloat16")
    run_app(train, *flags)
    assert seen[0].train.mixed_precision == "bfloat16" and "mixed_precision" not in seen[1].train
    monkeypatch.undo()
    act_config.train.generator_updates = 10
    half = narrow(act_config.copy_and_resolve_references(), "bfloat16")
    experiment.train_and_evaluate(half, str(tmp_path / "run"))
    assert RunFolder(tmp_path / "run").read_config()["train"]["mixed_precision"] == "bfloat16"
    with pytest.raises(ValueError, match="train.mixed_precision: 'bfloat16' there, not a key now"):
        experiment.train_and_evaluate(act_config, str(tmp_path / "run"))


def test_unknown_precision(act_config):
    with pytest.raises(ValueError, match="`train.mixed_precision` must be one of bfloat16, float1"):
        builders.build_model(narrow(act_config, "float8"), (2,))
