"""Lipschitz GANs and their baselines on CIFAR-10, as the paper trains them.

    --config=configs/lipschitz_cifar10.py:METHOD, one of logistic (the default), exponential, hinge,
    linear, logistic_linear, square_root: the `phi` of a row of Table 2, all with MaxGP.

Paper: Zhou et al., "Understanding the Effectiveness of Lipschitz-Continuity in Generative
Adversarial Nets", 2018: networks of Table 3, objectives of Table 2 (FID 16.36 for logistic, 15.76
for square_root), eq. 18 with `S_max` of half a batch; what the paper leaves out is in its code.
Differs: none. It wants a GPU; 100,000 updates take weeks on a few CPU cores.
"""

from ml_collections import ConfigDict, config_dict

PHIS = ("logistic", "exponential", "hinge", "linear", "logistic_linear", "square_root")


def get_config(phi: str = "logistic") -> ConfigDict:
    """Return the locked config of a row; None leaves an argument to the library's default."""
    if phi not in PHIS:
        raise ValueError(f"`--config=FILE:PHI` must name one of {PHIS}. Received: {phi!r}.")
    config = ConfigDict()

    config.model = ConfigDict()
    config.model.name = "lipschitz_gan"
    config.model.latent_dim = 128
    config.model.prior = "normal"
    config.model.generator = ConfigDict()
    config.model.generator.name = "wgan_gp_resnet"
    config.model.generator.width = 128  # Table 3
    config.model.critic = ConfigDict()
    config.model.critic.name = "wgan_gp_resnet"
    config.model.critic.width = 128  # Table 3
    config.model.critic.spectral_norm = False
    config.model.phi = phi  # Table 2
    config.model.penalty = ConfigDict()
    config.model.penalty.name = "max_gradient"  # eq. 18
    config.model.penalty.weight = 0.1  # the authors' code; the paper gives none
    config.model.penalty.target = 0.0
    config.model.penalty.buffer_fraction = 0.5  # appendix E; the authors' code: 0
    config.model.generator_loss = "linear"  # section 5.3
    config.model.consistency = config_dict.placeholder(ConfigDict)
    config.model.generator_batch = 128  # the authors' code
    config.model.critic_steps = 5  # the authors' code
    config.model.generator_steps = 1
    config.model.effective_constants = False
    config.model.ema_decay = 0.99  # the authors' code

    config.optimizers = ConfigDict()
    for role, updates in (("generator", 100_000), ("critic", 500_000)):
        optimizer = config.optimizers[role] = ConfigDict()
        optimizer.name = "adam"
        optimizer.learning_rate = 2e-4  # the authors' code
        optimizer.linear_updates = updates  # to 0, each in updates of its own
        optimizer.beta_1 = 0.0
        optimizer.beta_2 = 0.9

    config.data = ConfigDict()
    config.data.name = "cifar10"
    config.data.split = "train"
    config.data.image_size = 32
    config.data.flip = False  # the authors' code
    config.data.with_labels = False  # True: class-conditional, projection critic
    # "square", "whole", pixels ("128") or a part ("0.8") of the middle; None: usual for the set.
    config.data.crop = config_dict.placeholder(str)
    # Of your own data, data.name "folder" or "npz" with --data_dir; None leaves the default.
    config.data.channels = config_dict.placeholder(int)  # 1: grey, 3: colour
    config.data.skip_unreadable = config_dict.placeholder(bool)  # folder: True leaves them out
    config.data.key = config_dict.placeholder(str)  # npz: name of the images, if in doubt
    config.data.label_key = config_dict.placeholder(str)  # npz: name of the labels; None: "labels"

    config.train = ConfigDict()
    config.train.generator_updates = 100_000  # the authors' code
    config.train.batch_size = 64
    config.train.updates_per_epoch = 1000
    config.train.steps_per_execution = 1
    config.train.seed = 0
    config.train.jit_compile = False
    config.train.checkpoints_to_keep = 3

    config.watch = ConfigDict()
    config.watch.every = 5
    config.watch.pictures = ("samples",)
    config.watch.num_pictured = 100
    config.watch.metrics = ()
    config.watch.num_evaluated = 1000
    config.watch.scores = ()  # ("is", "fid") once the Inception weights are there
    config.watch.network = "inception_graph"
    config.watch.weights = config_dict.placeholder(str)
    config.watch.num_scored = 10_000
    config.watch.watchdog = ConfigDict()
    config.watch.watchdog.on_nonfinite = "stop"  # or "rewind", "warn": docs/runs.md

    return config.lock()
