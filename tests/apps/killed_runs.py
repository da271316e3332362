"""Configs of runs that are killed: many short epochs on points, all that a method can keep."""

from configs import act_8gaussians, age_imbalanced_grid
from tests.apps import ot_gan_points

EPOCHS = 40


def _act():
    config = act_8gaussians.get_config()
    with config.unlocked():
        config.model.critic = {"name": "mlp", "hidden": (32,), "feature_dim": 4}
        config.model.generator_steps, config.model.critic_steps = 2, 1
        config.optimizers.critic = {"name": "adam", "learning_rate": 1e-3}
        # It keeps the state before the first update until there is a checkpoint.
        config.watch.watchdog = {"on_nonfinite": "rewind", "samples": 8}
    config.model.generator.hidden = config.model.navigator.hidden = (32,)
    config.model.ema_decay = 0.9
    return config


def _age():
    config = age_imbalanced_grid.get_config()
    config.model.generator.hidden, config.model.encoder.hidden = (32,), (32,)
    config.model.discriminator.width = 32
    config.data.majority, config.data.minority = 20, 4
    config.watch.pictures = ("samples", "reconstructions")
    return config


def _lipschitz():
    config = act_8gaussians.get_config()
    with config.unlocked():
        config.model = {
            "name": "lipschitz_gan",
            "latent_dim": 4,
            "prior": "normal",
            "generator": {"name": "mlp", "hidden": (32,), "batch_norm": True},
            "critic": {"name": "mlp", "hidden": (32,)},
            "phi": "logistic",
            # It keeps the points of the largest slopes of the batches before.
            "penalty": {"name": "max_gradient", "weight": 0.1, "buffer_fraction": 0.5},
            "generator_loss": "linear",
            "critic_steps": 2,
            "generator_steps": 2,
            "ema_decay": 0.9,
        }
        config.optimizers = {
            role: {"name": "adam", "learning_rate": 1e-3} for role in ("generator", "critic")
        }
    config.watch.pictures = ("samples",)
    return config


METHODS = {
    "act": _act,
    "age": _age,
    "lipschitz": _lipschitz,
    "ot_gan": ot_gan_points.get_config,
}


def get_config(method):
    method, _, epochs = method.partition(",")
    config = METHODS[method]()
    if config.data.name == "eight_gaussians":
        config.data.n = 60
    per_epoch = 80 if method == "age" else 248
    config.train.generator_updates, config.train.updates_per_epoch = (
        int(epochs or EPOCHS) * per_epoch,
        per_epoch,
    )
    config.train.batch_size = 8  # 7 or 14 batches in a pass: epochs end in the middle of one
    config.train.steps_per_execution, config.train.jit_compile = 4, False
    config.watch.every, config.watch.num_pictured, config.watch.num_evaluated = 6, 50, 50
    config.watch.metrics = ("mode_coverage",)
    return config
