"""AGE on MNIST, 28 x 28 x 1, on two CPU cores: a Gaussian encoder, noise in the generator.

    --config=configs/age_mnist.py:kl_clipped
takes another objective; `OBJECTIVES` lists them.

Paper: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial Gradient
Estimation", 2020; the networks are those of its Table 8, Table 9 and Table 10 for Stacked MNIST.
Differs: one channel, a wider code, narrower networks, higher rates that fall along a cosine, an
    average of the generator.
"""

from ml_collections import ConfigDict, config_dict

# By name: objective, f-divergence, r0 (the ratio is clipped to [r0, 1 / r0]).
OBJECTIVES = {
    "all": ("age", "all_divergences", None),  # AGE-ALL: section 5.2.2
    "kl_clipped": ("age", "kl", 0.5),  # appendix D
    "reverse_kl_clipped": ("age", "reverse_kl", 0.5),
    "jensen_shannon_clipped": ("age", "jensen_shannon", 0.5),
    "hellinger_clipped": ("age", "squared_hellinger", 0.5),
    "bigan": ("bigan", None, None),  # section 4.2: AGE with JS, not clipped
    "log_d_bigan": ("log_d_bigan", None, None),
    "hinge": ("hinge", None, None),  # BigBiGAN's, without its terms of x and z alone
    "f_gan_kl": ("f_gan", "kl", None),
}


def get_config(objective: str = "all") -> ConfigDict:
    """Return the locked config; None leaves an argument to the library's default.

    Args:
        objective: a key of `OBJECTIVES`.

    Returns:
        `ConfigDict`.

    Raises:
        ValueError: if there is no such objective.
    """
    if objective not in OBJECTIVES:
        raise ValueError(
            f"`objective` must be one of {', '.join(OBJECTIVES)}. Received: {objective!r}. "
            "Write one of them after the colon of --config=FILE:OBJECTIVE."
        )
    config = ConfigDict()

    config.model = ConfigDict()
    config.model.name = "age"
    config.model.latent_dim = 16  # of the code; Table 8: 8
    config.model.prior = "normal"
    config.model.generator = ConfigDict()
    config.model.generator.name = "age_stacked_mnist"
    config.model.generator.width = 32  # Table 8: 64
    config.model.generator.transformation = "implicit"  # section 5.3; "deterministic"
    config.model.encoder = ConfigDict()
    config.model.encoder.name = "age_stacked_mnist"
    config.model.encoder.width = 32  # Table 9: 64
    config.model.encoder.transformation = "gaussian"  # section 5.3; "deterministic"
    config.model.discriminator = ConfigDict()
    config.model.discriminator.name = "age_stacked_mnist"
    config.model.discriminator.width = 32  # Table 10: 64
    config.model.discriminator.dense_width = 512  # Table 10: 1024
    config.model.objective = ConfigDict()
    name, f_divergence, r0 = OBJECTIVES[objective]
    config.model.objective.name = name
    config.model.objective.f_divergence = config_dict.placeholder(str)
    config.model.objective.f_divergence = f_divergence
    config.model.objective.r0 = config_dict.placeholder(float)
    config.model.objective.r0 = r0
    config.model.discriminator_steps = 1  # appendix E.2
    config.model.ema_decay = 0.995  # the paper keeps no average

    config.optimizers = ConfigDict()
    for role in ("generator", "discriminator", "encoder"):
        optimizer = config.optimizers[role] = ConfigDict()
        optimizer.name = "adam"
        optimizer.learning_rate = 2e-4  # appendix E.2: 1e-4
        optimizer.cosine_updates = 5000  # the rate falls to 0; constant in the paper
        optimizer.beta_1 = 0.5  # the authors' code: 0
        optimizer.beta_2 = 0.999  # the authors' code

    config.data = ConfigDict()
    config.data.name = "mnist"
    config.data.split = "train"
    config.data.image_size = 28
    config.data.flip = False  # digits have a left and a right
    config.data.with_labels = False
    # "square", "whole", pixels ("128") or a part ("0.8") of the middle; None: usual for the set.
    config.data.crop = config_dict.placeholder(str)
    # Of your own data, data.name "folder" or "npz" with --data_dir; None leaves the default.
    config.data.channels = config_dict.placeholder(int)  # 1: grey, 3: colour
    config.data.skip_unreadable = config_dict.placeholder(bool)  # folder: True leaves them out
    config.data.key = config_dict.placeholder(str)  # npz: name of the images, if in doubt
    config.data.label_key = config_dict.placeholder(str)  # npz: name of the labels; None: "labels"

    config.train = ConfigDict()
    config.train.generator_updates = 5000
    config.train.batch_size = 64  # appendix E.2
    config.train.updates_per_epoch = 500
    config.train.steps_per_execution = 10
    config.train.one_batch_per_round = False  # Algorithm 1; the authors' code: True
    config.train.seed = 0
    config.train.jit_compile = False
    config.train.checkpoints_to_keep = 3

    config.watch = ConfigDict()
    config.watch.every = 2
    config.watch.pictures = (
        "samples",
        "reconstructions",
        "interpolations",
        "neighbours",
        "codes",
    )
    config.watch.num_pictured = 64
    config.watch.metrics = ()
    config.watch.num_evaluated = 1000
    # Of a classifier that is trained on these images once: comparable with itself alone.
    config.watch.scores = ("is", "fid", "kid")
    config.watch.network = "classifier"
    config.watch.weights = config_dict.placeholder(str)
    config.watch.num_scored = 2000
    config.watch.watchdog = ConfigDict()
    config.watch.watchdog.on_nonfinite = "stop"  # or "rewind", "warn": docs/runs.md

    return config.lock()
