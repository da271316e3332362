"""A config of OT-GAN on points, small enough for a process of its own."""

from configs import act_8gaussians


def get_config():
    config = act_8gaussians.get_config()
    with config.unlocked():
        config.model = {
            "name": "ot_gan",
            "latent_dim": 4,
            "prior": "normal",
            "generator": {"name": "mlp", "hidden": (8,), "batch_norm": False},
            "critic": {"name": "mlp", "hidden": (8,), "feature_dim": 3},
            "cost": "cosine",
            # A number of iterations: a test of convergence turns a rounding into one more.
            "matching": {
                "name": "entropic", "epsilon": 0.2, "tolerance": 0.0, "max_iterations": 60,
            },
            "distance": "minibatch_energy",
            "generator_steps": 2,
            "critic_steps": 1,
            "micro_batch": None,
            "ema_decay": 0.7,
        }  # fmt: skip
        config.optimizers = {
            role: {"name": "sgd", "learning_rate": 0.05} for role in ("generator", "critic")
        }
    config.data.n = 50
    config.train.generator_updates, config.train.updates_per_epoch = 24, 8
    config.train.batch_size = 8  # 6 batches in a pass: epochs end in the middle of one
    config.train.steps_per_execution, config.train.jit_compile = 2, False
    config.watch.pictures, config.watch.metrics = ("samples", "plans"), ("mode_coverage",)
    config.watch.every, config.watch.num_evaluated = 1, 50
    return config
