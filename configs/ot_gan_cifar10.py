"""OT-GAN on CIFAR-10 as published: the authors' networks, rates and batches of 8,000.

Paper: Salimans, Zhang, Radford and Metaxas, "Improving GANs Using Optimal Transport", ICLR 2018,
section 5.2 and Fig. 3; what it leaves to its appendix is that of the authors' code.
Differs: one device computes the batch in micro-batches where they had eight GPUs; same update.
"""

from ml_collections import ConfigDict, config_dict


def get_config() -> ConfigDict:
    """Return the locked config; None leaves an argument to the library's default."""
    config = ConfigDict()

    config.model = ConfigDict()
    config.model.name = "ot_gan"
    config.model.latent_dim = 100  # the authors' code
    config.model.prior = "uniform"
    config.model.generator = ConfigDict()
    config.model.generator.name = "ot_gan"
    config.model.generator.width = 128  # the authors' code: 1024 channels at 4 x 4
    config.model.critic = ConfigDict()
    config.model.critic.name = "ot_gan"
    config.model.critic.width = 128  # the authors' code: 32,768 features
    config.model.cost = "cosine"  # section 4
    config.model.matching = ConfigDict()
    config.model.matching.name = "entropic"  # "random": the ablation of section 5.2
    config.model.matching.epsilon = 0.002  # the authors' code: lambda = 500
    config.model.matching.tolerance = 1e-3  # the authors' code: 500 iterations
    config.model.distance = "minibatch_energy"  # eq. 8
    config.model.critic_steps = 1
    config.model.generator_steps = 3  # the authors' code: 3 and 5
    config.model.micro_batch = 200  # of 8,000: what fits beside the features of all
    config.model.ema_decay = 0.999  # the authors' code

    config.optimizers = ConfigDict()
    for role in ("generator", "critic"):
        optimizer = config.optimizers[role] = ConfigDict()
        optimizer.name = "adam"
        optimizer.learning_rate = 3e-4  # the authors' code, constant
        optimizer.beta_1 = 0.5  # the authors' code
        optimizer.beta_2 = 0.999  # the authors' code
        optimizer.epsilon = 1e-8  # the authors' code, whose gradients are sums over the batch

    config.data = ConfigDict()
    config.data.name = "cifar10"
    config.data.split = "train"
    config.data.image_size = 32
    config.data.flip = True  # the authors' code
    config.data.with_labels = False  # True: Algorithm 2
    # "square", "whole", pixels ("128") or a part ("0.8") of the middle; None: usual for the set.
    config.data.crop = config_dict.placeholder(str)
    # Of your own data, data.name "folder" or "npz" with --data_dir; None leaves the default.
    config.data.channels = config_dict.placeholder(int)  # 1: grey, 3: colour
    config.data.skip_unreadable = config_dict.placeholder(bool)  # folder: True leaves them out
    config.data.key = config_dict.placeholder(str)  # npz: name of the images, if in doubt
    config.data.label_key = config_dict.placeholder(str)  # npz: name of the labels; None: "labels"

    config.train = ConfigDict()
    config.train.generator_updates = 18_000  # Fig. 3: 4,000 passes, 6 updates each
    config.train.batch_size = 8000  # of both halves
    config.train.updates_per_epoch = 450  # the authors' code scores every 100 passes
    config.train.steps_per_execution = 1
    config.train.seed = 0
    config.train.jit_compile = False
    config.train.checkpoints_to_keep = 3

    config.watch = ConfigDict()
    config.watch.every = 1
    config.watch.pictures = ("samples",)
    config.watch.num_pictured = 64
    config.watch.metrics = ()
    config.watch.num_evaluated = 1000
    config.watch.scores = ("is",)
    config.watch.network = "inception_graph"
    config.watch.weights = config_dict.placeholder(str)
    config.watch.num_scored = 50_000  # the authors' code
    config.watch.watchdog = ConfigDict()
    config.watch.watchdog.on_nonfinite = "stop"  # or "rewind", "warn": docs/runs.md

    return config.lock()
