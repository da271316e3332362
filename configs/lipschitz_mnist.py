"""Lipschitz GANs and their baselines on MNIST, 28 x 28 x 1, on two CPU cores.

    --config=configs/lipschitz_mnist.py:METHOD, one of max_gp (the default), gan, lsgan, sngan,
    wgan_gp; with --config.data.with_labels=True their class-conditional form, in which batch
    norms of the generator know the class and the critic projects on it.

Paper: Zhou et al., "Understanding the Effectiveness of Lipschitz-Continuity in Generative
Adversarial Nets", 2018, objectives of Table 2 and the penalty of eq. 18.
Differs: digits instead of CIFAR-10, a narrow SNDCGAN instead of the residual networks of Table 3,
    one critic update per generator update instead of five, rates that fall along a cosine.
"""

from ml_collections import ConfigDict, config_dict

# method: (phi, penalty or None, generator's loss, spectral norm in the critic)
METHODS = {
    "gan": ("logistic", None, "non_saturating", False),
    "lsgan": ("least_squares", None, "non_saturating", False),
    "max_gp": ("logistic", {"name": "max_gradient", "weight": 0.1}, "linear", False),
    "sngan": ("hinge", None, "linear", True),
    "wgan_gp": ("linear", {"name": "gradient", "weight": 10.0}, "linear", False),
}


def get_config(method: str = "max_gp") -> ConfigDict:
    """Return the locked config of a method; None leaves an argument to the library's default."""
    if method not in METHODS:
        raise ValueError(
            f"`--config=FILE:METHOD` must name one of {', '.join(METHODS)}. Received: {method!r}."
        )
    phi, penalty, generator_loss, spectral_norm = METHODS[method]
    config = ConfigDict()

    config.model = ConfigDict()
    config.model.name = "lipschitz_gan"
    config.model.latent_dim = 64  # the paper: 128
    config.model.prior = "normal"
    config.model.generator = ConfigDict()
    config.model.generator.name = "sndcgan"
    config.model.generator.width = 16  # Miyato et al.: 64
    config.model.critic = ConfigDict()
    config.model.critic.name = "sndcgan"
    config.model.critic.width = 16  # Miyato et al.: 64
    config.model.critic.negative_slope = 0.1
    config.model.critic.spectral_norm = spectral_norm
    config.model.phi = phi  # Table 2
    config.model.penalty = config_dict.placeholder(ConfigDict)
    if penalty is not None:
        config.model.penalty = ConfigDict(penalty)
    config.model.generator_loss = generator_loss  # the paper: -f for all rows of Table 2
    config.model.consistency = config_dict.placeholder(ConfigDict)  # CT-GAN's term
    config.model.generator_batch = config_dict.placeholder(int)  # the paper: 128 against 64
    config.model.critic_steps = 1  # the paper: 5
    config.model.generator_steps = 1
    config.model.effective_constants = True  # K_eff and k_eff of Tanaka, 2019, Fig. 2
    config.model.ema_decay = 0.99  # the authors' code

    config.optimizers = ConfigDict()
    for role in ("generator", "critic"):
        optimizer = config.optimizers[role] = ConfigDict()
        optimizer.name = "adam"
        optimizer.learning_rate = 2e-4  # the authors' code
        optimizer.cosine_updates = 3000  # theirs fall on a line
        optimizer.beta_1 = 0.5  # the authors' code: 0
        optimizer.beta_2 = 0.99  # the authors' code: 0.9

    config.data = ConfigDict()
    config.data.name = "mnist"
    config.data.split = "train"
    config.data.image_size = 28
    config.data.flip = False
    config.data.with_labels = False  # True: class-conditional, projection critic
    # "square", "whole", pixels ("128") or a part ("0.8") of the middle; None: usual for the set.
    config.data.crop = config_dict.placeholder(str)
    # Of your own data, data.name "folder" or "npz" with --data_dir; None leaves the default.
    config.data.channels = config_dict.placeholder(int)  # 1: grey, 3: colour
    config.data.skip_unreadable = config_dict.placeholder(bool)  # folder: True leaves them out
    config.data.key = config_dict.placeholder(str)  # npz: name of the images, if in doubt
    config.data.label_key = config_dict.placeholder(str)  # npz: name of the labels; None: "labels"

    config.train = ConfigDict()
    config.train.generator_updates = 3000  # the authors' code: 100,000
    config.train.batch_size = 64
    config.train.updates_per_epoch = 250
    config.train.steps_per_execution = 5
    config.train.seed = 0
    config.train.jit_compile = False
    config.train.checkpoints_to_keep = 3

    config.watch = ConfigDict()
    config.watch.every = 2
    config.watch.pictures = ("samples",)
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
