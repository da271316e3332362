"""OT-GAN on MNIST, 28 x 28 x 1, on two CPU cores: matchings of 2 x 128 digits.

    --config.data.with_labels=True trains the conditional form, Algorithm 2.

Paper: Salimans, Zhang, Radford and Metaxas, "Improving GANs Using Optimal Transport", ICLR 2018;
the settings of its CIFAR-10 runs are those of the authors' code.
Differs: digits, a sixteenth of the channels, batches of 256 instead of 8,000 (Fig. 3: larger is
    better), higher rates that fall along a cosine, no flips.
"""

from ml_collections import ConfigDict, config_dict


def get_config() -> ConfigDict:
    """Return the locked config; None leaves an argument to the library's default."""
    config = ConfigDict()

    config.model = ConfigDict()
    config.model.name = "ot_gan"
    config.model.latent_dim = 64  # the authors' code: 100
    config.model.prior = "uniform"
    config.model.generator = ConfigDict()
    config.model.generator.name = "ot_gan"
    config.model.generator.width = 8  # the authors' code: 128
    config.model.critic = ConfigDict()
    config.model.critic.name = "ot_gan"
    config.model.critic.width = 8  # the authors' code: 128
    config.model.cost = "cosine"  # section 4
    config.model.matching = ConfigDict()
    config.model.matching.name = "entropic"  # "random": the ablation of section 5.2
    config.model.matching.epsilon = 0.002  # the authors' code: lambda = 500
    config.model.matching.tolerance = 1e-3  # the authors' code: 500 iterations
    config.model.distance = "minibatch_energy"  # eq. 8
    config.model.critic_steps = 1
    config.model.generator_steps = 3  # the authors' code: 3 and 5
    config.model.micro_batch = config_dict.placeholder(int)  # for batches beyond the memory
    config.model.ema_decay = 0.99  # the authors' code: 0.999, in far longer runs

    config.optimizers = ConfigDict()
    for role, updates in (("generator", 3000), ("critic", 1000)):
        optimizer = config.optimizers[role] = ConfigDict()
        optimizer.name = "adam"
        optimizer.learning_rate = 1e-3  # the authors' code: 3e-4
        optimizer.cosine_updates = updates  # the rate falls to 0; constant in the authors' code
        optimizer.beta_1 = 0.5  # the authors' code
        optimizer.beta_2 = 0.999  # the authors' code
        optimizer.epsilon = 1e-8  # the authors' code, whose gradients are sums over the batch

    config.data = ConfigDict()
    config.data.name = "mnist"
    config.data.split = "train"
    config.data.image_size = 28
    config.data.flip = False  # digits have a left and a right
    config.data.with_labels = False  # True: Algorithm 2
    # "square", "whole", pixels ("128") or a part ("0.8") of the middle; None: usual for the set.
    config.data.crop = config_dict.placeholder(str)
    # Of your own data, data.name "folder" or "npz" with --data_dir; None leaves the default.
    config.data.channels = config_dict.placeholder(int)  # 1: grey, 3: colour
    config.data.skip_unreadable = config_dict.placeholder(bool)  # folder: True leaves them out
    config.data.key = config_dict.placeholder(str)  # npz: name of the images, if in doubt
    config.data.label_key = config_dict.placeholder(str)  # npz: name of the labels; None: "labels"

    config.train = ConfigDict()
    config.train.generator_updates = 3000
    config.train.batch_size = 256  # of both halves; the authors' code: 5,000 and 8,000
    config.train.updates_per_epoch = 300
    config.train.steps_per_execution = 5
    config.train.seed = 0
    config.train.jit_compile = False
    config.train.checkpoints_to_keep = 3

    config.watch = ConfigDict()
    config.watch.every = 2
    config.watch.pictures = ("samples", "plans")
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
