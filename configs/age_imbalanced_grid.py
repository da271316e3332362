"""AGE on the imbalanced mixture of nine Gaussians: Gaussian encoder and generator, KL.

    --config=configs/age_imbalanced_grid.py:vae
trains the VAE on the same networks, whose objective AGE with KL estimates (Table 3).

Paper: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial Gradient
Estimation", 2020, section 5.1, Table 3 and appendix E.1.
Differs: widths of 128 instead of 500 and 400, 5 discriminator updates for each of the others
    instead of 30, higher rates that fall along a cosine.
"""

from ml_collections import ConfigDict, config_dict

METHODS = ("age", "vae")


def get_config(method: str = "age") -> ConfigDict:
    """Return the locked config; None leaves an argument to the library's default.

    Args:
        method: one of `METHODS`.

    Returns:
        `ConfigDict`.

    Raises:
        ValueError: if there is no such method.
    """
    if method not in METHODS:
        raise ValueError(
            f"`--config=FILE:METHOD` must name one of {', '.join(METHODS)}. Received: {method!r}."
        )
    config = ConfigDict()

    config.model = ConfigDict()
    config.model.name = method
    config.model.latent_dim = 2  # of the code; the authors' code
    config.model.prior = "normal"
    config.model.generator = ConfigDict()
    config.model.generator.name = "age_mlp"
    config.model.generator.hidden = (128, 128)  # appendix E.1: 500, 500
    config.model.generator.transformation = "gaussian"  # section 5.1; or "deterministic"
    config.model.encoder = ConfigDict()
    config.model.encoder.name = "age_mlp"
    config.model.encoder.hidden = (128, 128, 128)  # appendix E.1: 500, 500, 500
    config.model.encoder.transformation = "gaussian"  # section 5.1; or "deterministic"
    roles = ["generator", "encoder"]
    if method == "age":
        roles.append("discriminator")
        config.model.discriminator = ConfigDict()
        config.model.discriminator.name = "age_mlp"
        config.model.discriminator.width = 128  # appendix E.1: 400
        config.model.objective = ConfigDict()
        config.model.objective.name = "age"
        config.model.objective.f_divergence = "kl"  # section 5.1
        config.model.discriminator_steps = 5  # appendix E.1: 30

    config.optimizers = ConfigDict()
    for role in roles:
        optimizer = config.optimizers[role] = ConfigDict()
        steps = 5 if role == "discriminator" else 1
        optimizer.name = "adam"
        # Appendix E.1: 1e-4 and 5e-5.
        optimizer.learning_rate = 4e-4 if role == "discriminator" else 2e-4
        optimizer.cosine_updates = 4000 * steps  # the rate falls to 0; constant in the paper
        optimizer.beta_1 = 0.0  # the authors' code
        optimizer.beta_2 = 0.999  # the authors' code

    config.data = ConfigDict()
    config.data.name = "imbalanced_grid"
    config.data.side = 3  # 5: section 5.2.1
    config.data.majority = 10_000  # appendix E.1
    config.data.minority = 500  # appendix E.1
    config.data.seed = 0
    config.data.key = config_dict.placeholder(str)  # of points in a file, data.name "npz"

    config.train = ConfigDict()
    config.train.generator_updates = 4000
    config.train.batch_size = 500  # appendix E.1
    config.train.updates_per_epoch = 400
    config.train.steps_per_execution = 20
    config.train.one_batch_per_round = False  # Algorithm 1; the authors' code: True
    config.train.seed = 0
    config.train.jit_compile = True
    config.train.checkpoints_to_keep = 3

    config.watch = ConfigDict()
    config.watch.every = 2
    config.watch.pictures = ("samples", "reconstructions", "codes")
    config.watch.num_pictured = 2000
    config.watch.metrics = ("mode_coverage", "earth_mover")
    config.watch.num_evaluated = 2000
    config.watch.watchdog = ConfigDict()
    config.watch.watchdog.on_nonfinite = "stop"  # or "rewind", "warn": docs/runs.md

    return config.lock()
