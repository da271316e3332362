"""Every config is found, loads, is locked, holds plain values, and takes a step."""

import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from absl import flags
from ml_collections import ConfigDict, config_flags

from apps import experiment

FOLDER = Path(__file__).resolve().parents[2] / "configs"
FILES = sorted(path for path in FOLDER.glob("*.py") if path.name != "__init__.py")
SECTIONS = {"model", "optimizers", "data", "train", "watch"}


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def leaves(section, prefix=""):
    for key, value in section.items():
        if isinstance(value, ConfigDict):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def test_configs_are_found():
    assert {"act_8gaussians", "act_mnist", "act_cifar10_dcgan"} <= {path.stem for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_config_is_locked_plain_and_names_its_source(path):
    module = load(path)
    config = module.get_config()
    assert config.is_locked and set(config) == SECTIONS
    assert all(section.is_locked for section in config.values())
    assert config.watch.watchdog.on_nonfinite == "stop"  # no run goes on with NaN unnoticed
    for key, value in leaves(config):
        plain = value if isinstance(value, tuple) else (value,)
        assert all(v is None or isinstance(v, int | float | str) for v in plain), key
    assert re.search(r"Paper: .*\n", module.__doc__) and "Differs: " in module.__doc__
    assert re.search(r"Table \d|Figs?\. \d", module.__doc__)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_config_loads_by_the_flag_and_refuses_a_new_key(path, monkeypatch):
    def parse(*arguments):
        values = flags.FlagValues()
        config_flags.DEFINE_config_file("config", lock_config=True, flag_values=values)
        monkeypatch.setattr(sys, "argv", ["test", f"--config={path}", *arguments])
        values(sys.argv)
        return values.config

    assert parse("--config.train.seed=3").train.seed == 3
    rewinding = parse("--config.watch.watchdog.on_nonfinite=rewind")
    assert rewinding.watch.watchdog.on_nonfinite == "rewind"
    with pytest.raises(AttributeError, match="sede"):
        parse("--config.train.sede=3")


# The words that may follow the colon of `--config=FILE:WORD`.
WORDS = [(path, ()) for path in FILES]
WORDS += [(FOLDER / "lipschitz_mnist.py", (m,)) for m in ("gan", "lsgan", "sngan", "wgan_gp")]
WORDS += [(FOLDER / "age_imbalanced_grid.py", ("vae",))]
WORDS += [(FOLDER / "age_mnist.py", (o,)) for o in ("kl_clipped", "f_gan_kl", "hinge")]


@pytest.mark.parametrize(("path", "word"), WORDS, ids=lambda part: getattr(part, "stem", str(part)))
def test_config_takes_a_step(path, word):
    config = load(path).get_config(*word)
    for role in ("generator", "navigator", "critic", "encoder", "discriminator"):
        part = config.model.get(role)
        if part is not None:
            for key, small in {
                "width": 2,
                "feature_dim": 3,
                "hidden": (4,),
                "dense_width": 4,
            }.items():
                if key in part:
                    part[key] = small
    config.train.batch_size, config.train.jit_compile = 4, False
    config.watch.num_pictured = 4
    with tfds.testing.mock_data(num_examples=20):
        logs = experiment.train_and_evaluate(config, None, dry_run=True)
    assert logs and np.all(np.isfinite(list(logs.values())))


def test_cifar10_config_is_the_papers():
    """Zheng and Zhou, "ACT: Asymptotic Conditional Transport", the pages as printed."""
    config = load(FOLDER / "act_cifar10_dcgan.py").get_config()
    model, train = config.model, config.train
    assert (train.generator_updates, train.batch_size) == (50_000, 64)  # p. 27, appendix B.6
    assert model.num_fake is None  # p. 27: M the same as N
    for role in ("generator", "navigator", "critic"):  # p. 27: alpha, beta_1, beta_2, for all three
        adam = config.optimizers[role]
        assert (adam.name, adam.learning_rate, adam.beta_1, adam.beta_2) == (
            "adam",
            2e-4,
            0.5,
            0.99,
        )
    assert (model.generator_steps, model.critic_steps) == (1, 1)  # p. 27: the same frequency
    assert model.critic.feature_dim == model.navigator.feature_dim == 2048  # p. 27: m
    assert model.critic.negative_slope == model.navigator.negative_slope == 0.1  # p. 27
    assert (model.latent_dim, model.prior) == (128, "normal")  # p. 28, Table 4 (a)
    assert model.generator.width == 64  # p. 28, Table 4 (a): 512, 256, 128, 64
    assert model.critic.width == model.navigator.width == 64  # p. 28, Table 4 (b): 64 to 512
    assert model.cost == model.navigator_distance == "cosine"  # p. 8
    assert model.forward_weight == 0.5 and model.num_anchors is None  # p. 4, eqs. 12 and 14
    assert (config.data.name, config.data.split, config.data.image_size) == ("cifar10", "train", 32)


def test_lipschitz_config_is_the_papers():
    """Zhou et al., 2018: Table 3 and what section 5.3 and appendix E say."""
    config = load(FOLDER / "lipschitz_cifar10.py").get_config()
    model = config.model
    assert (model.generator.name, model.critic.name) == ("wgan_gp_resnet", "wgan_gp_resnet")
    assert model.generator.width == model.critic.width == 128 and model.latent_dim == 128  # Table 3
    assert (model.phi, model.generator_loss) == ("logistic", "linear")  # Table 2, section 5.3
    penalty = model.penalty
    assert (penalty.name, penalty.target, penalty.buffer_fraction) == ("max_gradient", 0.0, 0.5)


def test_age_config_names_what_it_changes():
    """Shen, Zhang and Chen, 2020, appendix E.2 and Table 8, as the comments of the config say."""
    config = load(FOLDER / "age_mnist.py").get_config()
    objective = config.model.objective
    assert (objective.name, objective.f_divergence) == ("age", "all_divergences")  # 5.2.2
    assert objective.r0 is None
    clipped = load(FOLDER / "age_mnist.py").get_config("kl_clipped").model.objective
    assert (clipped.f_divergence, clipped.r0) == ("kl", 0.5)  # appendix D: [0.5, 2]
    assert config.model.generator.transformation == "implicit"  # 5.3
    assert config.model.encoder.transformation == "gaussian"
    assert config.model.discriminator_steps == 1 and config.train.batch_size == 64  # E.2


def test_unknown_words_after_the_colon_are_refused():
    for name in ("age_imbalanced_grid", "age_mnist", "lipschitz_mnist", "lipschitz_cifar10"):
        with pytest.raises(ValueError, match="Received: 'acgan'"):
            load(FOLDER / f"{name}.py").get_config("acgan")


def test_toy_configs_follow_table_3():
    """Page 27, Table 3, and section 4 (page 7): 5,000 points, N = 100."""
    for name in ("act_8gaussians", "swd_8gaussians", "act_bimodal_1d"):
        config = load(FOLDER / f"{name}.py").get_config()
        assert (config.model.latent_dim, config.model.generator.hidden) == (50, (100, 50))
        assert config.model.generator.negative_slope == 0.1
        assert config.data.n == 5000
        if "navigator" in config.model:
            assert config.model.navigator.hidden == (100, 50)
        if config.data.name == "eight_gaussians":
            assert config.train.batch_size == 100


def test_ot_gan_config_is_the_authors():
    """Salimans et al., 2018, section 5.2, and the authors' `train_with_model_saving.py`."""
    config = load(FOLDER / "ot_gan_cifar10.py").get_config()
    model, train = config.model, config.train
    assert (model.generator.width, model.critic.width, model.latent_dim) == (128, 128, 100)
    assert (model.prior, model.cost, model.distance) == ("uniform", "cosine", "minibatch_energy")
    assert 1 / model.matching.epsilon == pytest.approx(500)  # lambda
    assert (model.generator_steps, model.critic_steps, model.ema_decay) == (3, 1, 0.999)
    for role in ("generator", "critic"):
        adam = config.optimizers[role]
        assert (adam.learning_rate, adam.beta_1, adam.beta_2) == (3e-4, 0.5, 0.999)
        assert adam.epsilon == 1e-8
    assert train.batch_size == 8000 and config.data.flip
    assert train.batch_size % model.micro_batch == 0
