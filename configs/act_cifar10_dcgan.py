"""ACT on CIFAR-10 with the DCGAN backbone, as the paper trains it (FID 24.8 in its Table 1).

Paper: Zheng and Zhou, "ACT: Asymptotic Conditional Transport", 2020: networks of Table 4 (page
28), training of appendix B.6 (page 27), cosine cost and navigator distance of section 4.
Differs: none. It wants a GPU; 50,000 updates take days on a few CPU cores.
"""

from ml_collections import ConfigDict, config_dict


def get_config() -> ConfigDict:
    """Return the locked config; None leaves an argument to the library's default."""
    config = ConfigDict()

    config.model = ConfigDict()
    config.model.name = "act_gan"
    config.model.latent_dim = 128  # Table 4
    config.model.prior = "normal"  # Table 4; or "uniform" on [-1, 1]
    config.model.generator = ConfigDict()
    config.model.generator.name = "dcgan"
    config.model.generator.width = 64  # Table 4
    config.model.navigator = ConfigDict()
    config.model.navigator.name = "dcgan"  # features; "difference" compares the critic's
    config.model.navigator.width = 64  # Table 4
    config.model.navigator.feature_dim = 2048  # m, appendix B.6
    config.model.navigator.negative_slope = 0.1  # appendix B.6
    config.model.critic = ConfigDict()
    config.model.critic.name = "dcgan"
    config.model.critic.width = 64  # Table 4
    config.model.critic.feature_dim = 2048  # m, appendix B.6
    config.model.critic.negative_slope = 0.1  # appendix B.6
    config.model.critic.spectral_norm = False  # Table 4 has none, the authors' code has
    config.model.cost = "cosine"  # eq. 15
    config.model.navigator_distance = "cosine"  # section 4; Table 2 also has squared_euclidean
    config.model.forward_weight = 0.5  # gamma of Fig. 5: 1 covers modes, 0 seeks them
    config.model.num_fake = config_dict.placeholder(int)  # M; None: as many as N, appendix B.6
    config.model.num_anchors = config_dict.placeholder(int)  # None: eq. 14; 1: eq. 13
    config.model.critic_steps = 1  # "the same frequency", appendix B.6
    config.model.generator_steps = 1  # "the same frequency", appendix B.6
    # None: eq. 16; "discriminator_cross_entropy": Fig. 19.
    config.model.critic_loss = config_dict.placeholder(str)
    config.model.ema_decay = config_dict.placeholder(float)  # none in the paper

    config.optimizers = ConfigDict()
    config.optimizers.generator = ConfigDict()
    config.optimizers.generator.name = "adam"
    config.optimizers.generator.learning_rate = 2e-4  # appendix B.6
    config.optimizers.generator.beta_1 = 0.5  # appendix B.6
    config.optimizers.generator.beta_2 = 0.99  # appendix B.6
    config.optimizers.navigator = ConfigDict()
    config.optimizers.navigator.name = "adam"
    config.optimizers.navigator.learning_rate = 2e-4  # appendix B.6
    config.optimizers.navigator.beta_1 = 0.5  # appendix B.6
    config.optimizers.navigator.beta_2 = 0.99  # appendix B.6
    config.optimizers.critic = ConfigDict()
    config.optimizers.critic.name = "adam"
    config.optimizers.critic.learning_rate = 2e-4  # appendix B.6
    config.optimizers.critic.beta_1 = 0.5  # appendix B.6
    config.optimizers.critic.beta_2 = 0.99  # appendix B.6

    config.data = ConfigDict()
    config.data.name = "cifar10"
    config.data.split = "train"  # 50K images, appendix B.6
    config.data.image_size = 32  # appendix B.6
    config.data.flip = False  # not in the paper
    # "square", "whole", pixels ("128") or a part ("0.8") of the middle; None: usual for the set.
    config.data.crop = config_dict.placeholder(str)
    # Of your own data, data.name "folder" or "npz" with --data_dir; None leaves the default.
    config.data.channels = config_dict.placeholder(int)  # 1: grey, 3: colour
    config.data.skip_unreadable = config_dict.placeholder(bool)  # folder: True leaves them out
    config.data.key = config_dict.placeholder(str)  # npz: name of the images, if in doubt

    config.train = ConfigDict()
    config.train.generator_updates = 50_000  # appendix B.6
    config.train.batch_size = 64  # N = M, appendix B.6
    config.train.updates_per_epoch = 1000  # an epoch ends with a checkpoint and a line of metrics
    config.train.steps_per_execution = 1  # rounds per call from Python
    config.train.seed = 0  # of initial weights, latents and data order
    config.train.jit_compile = False  # on a CPU, XLA's convolutions are slower; a GPU may gain
    config.train.checkpoints_to_keep = 3

    config.watch = ConfigDict()
    config.watch.every = 5  # epochs between two looks
    config.watch.pictures = ("samples",)
    config.watch.num_pictured = 64  # images in a picture
    config.watch.metrics = ()  # pixel distances say little about pictures
    config.watch.num_evaluated = 1000  # samples for the metrics, if any
    config.watch.watchdog = ConfigDict()
    config.watch.watchdog.on_nonfinite = "stop"  # or "rewind", "warn": docs/runs.md

    return config.lock()
