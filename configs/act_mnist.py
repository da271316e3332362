"""ACT on MNIST, 28 x 28 x 1, on two CPU cores: cosine cost of a DCGAN critic.

Paper: Zheng and Zhou, "ACT: Asymptotic Conditional Transport", 2020, section 4 and appendix B.6
(MNIST is one of its data sets); networks in the manner of Table 4.
Differs: narrower networks with 64 features instead of 2048, and a critic with spectral norm (as in
    the authors' code) and a learning rate of its own, which rises first: the cosine cost is
    saturated at 2 by a critic that learns as fast as the generator, which then stops learning. The
    forward cost weighs more, for digits that are rare. docs/results/act.md has what was tried.
"""

from ml_collections import ConfigDict, config_dict


def get_config() -> ConfigDict:
    """Return the locked config; None leaves an argument to the library's default."""
    config = ConfigDict()

    config.model = ConfigDict()
    config.model.name = "act_gan"
    config.model.latent_dim = 64  # Table 4: 128
    config.model.prior = "normal"  # Table 4; or "uniform" on [-1, 1]
    config.model.generator = ConfigDict()
    config.model.generator.name = "dcgan"
    config.model.generator.width = 32  # Table 4: 64
    config.model.navigator = ConfigDict()
    config.model.navigator.name = "dcgan"  # features; "difference" compares the critic's
    config.model.navigator.width = 16  # Table 4: 64
    config.model.navigator.feature_dim = 64  # Table 4: 2048
    config.model.navigator.negative_slope = 0.1  # appendix B.6
    config.model.critic = ConfigDict()
    config.model.critic.name = "dcgan"
    config.model.critic.width = 16  # Table 4: 64
    config.model.critic.feature_dim = 64  # Table 4: 2048
    config.model.critic.negative_slope = 0.1  # appendix B.6
    config.model.critic.spectral_norm = True  # Table 4 has none, the authors' code has
    config.model.cost = "cosine"  # eq. 15
    config.model.navigator_distance = "cosine"  # section 4
    config.model.forward_weight = 0.7  # gamma of Fig. 5: 1 covers modes, 0 seeks them; eq. 12: 0.5
    config.model.num_fake = config_dict.placeholder(int)  # M; None: as many as real images
    config.model.num_anchors = config_dict.placeholder(int)  # None: eq. 14; 1: eq. 13
    config.model.critic_steps = 1  # critic updates per round
    config.model.generator_steps = 1  # generator and navigator updates per round (DCGAN in B.6)
    # None: eq. 16; "discriminator_cross_entropy": Fig. 19.
    config.model.critic_loss = config_dict.placeholder(str)
    config.model.ema_decay = 0.995  # the paper keeps no average of the generator

    config.optimizers = ConfigDict()
    config.optimizers.generator = ConfigDict()
    config.optimizers.generator.name = "adam"
    config.optimizers.generator.learning_rate = 5e-4  # appendix B.6: 2e-4
    config.optimizers.generator.cosine_updates = 3000  # the rate falls to 0; constant in the paper
    config.optimizers.generator.beta_1 = 0.5  # appendix B.6
    config.optimizers.generator.beta_2 = 0.99  # appendix B.6
    config.optimizers.navigator = ConfigDict()
    config.optimizers.navigator.name = "adam"
    config.optimizers.navigator.learning_rate = 5e-4  # appendix B.6: 2e-4
    config.optimizers.navigator.cosine_updates = 3000  # the rate falls to 0; constant in the paper
    config.optimizers.navigator.beta_1 = 0.5  # appendix B.6
    config.optimizers.navigator.beta_2 = 0.99  # appendix B.6
    config.optimizers.critic = ConfigDict()
    config.optimizers.critic.name = "adam"
    config.optimizers.critic.learning_rate = 2e-4  # appendix B.6
    config.optimizers.critic.warmup_updates = 400  # its rate rises first; constant in the paper
    config.optimizers.critic.cosine_updates = 3000  # then it falls to 0
    config.optimizers.critic.beta_1 = 0.5  # appendix B.6
    config.optimizers.critic.beta_2 = 0.99  # appendix B.6

    config.data = ConfigDict()
    config.data.name = "mnist"
    config.data.split = "train"  # 60,000 images; the paper says 50K: "train[:50000]"
    config.data.image_size = 28
    config.data.flip = False  # digits have a left and a right
    # "square", "whole", pixels ("128") or a part ("0.8") of the middle; None: usual for the set.
    config.data.crop = config_dict.placeholder(str)
    # Of your own data, data.name "folder" or "npz" with --data_dir; None leaves the default.
    config.data.channels = config_dict.placeholder(int)  # 1: grey, 3: colour
    config.data.skip_unreadable = config_dict.placeholder(bool)  # folder: True leaves them out
    config.data.key = config_dict.placeholder(str)  # npz: name of the images, if in doubt

    config.train = ConfigDict()
    config.train.generator_updates = 3000  # appendix B.6: 150,000 on all sets but CIFAR-10
    config.train.batch_size = 64  # N, appendix B.6
    config.train.updates_per_epoch = 250  # an epoch ends with a checkpoint and a line of metrics
    config.train.steps_per_execution = 5  # rounds per call from Python
    config.train.seed = 0  # of initial weights, latents and data order
    config.train.jit_compile = False  # on a CPU, XLA's convolutions are no faster
    config.train.checkpoints_to_keep = 3

    config.watch = ConfigDict()
    config.watch.every = 2  # epochs between two looks
    config.watch.pictures = ("samples",)
    config.watch.num_pictured = 64  # images in a picture
    config.watch.metrics = ()  # pixel distances say little about digits
    config.watch.num_evaluated = 1000  # samples for the metrics, if any
    # Of a classifier that is trained on these images once: comparable with itself alone.
    config.watch.scores = ("is", "fid", "kid")
    config.watch.network = "classifier"
    config.watch.weights = config_dict.placeholder(str)  # None: trained or fetched once
    config.watch.num_scored = 2000  # samples for the scores
    config.watch.watchdog = ConfigDict()
    config.watch.watchdog.on_nonfinite = "stop"  # or "rewind", "warn": docs/runs.md

    return config.lock()
