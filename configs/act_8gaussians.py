"""ACT on 8 Gaussians in the plane, the cost taken on the raw points: no critic.

Paper: Zheng and Zhou, "ACT: Asymptotic Conditional Transport", 2020, section 4, Figs. 4, 5 and 10;
networks of Table 3, batch of section 4 (N = M = 100, 5,000 points).
Differs: the navigator has 10 features (Table 3: 1, `--config.model.navigator.feature_dim=1`) and
    batch norm, the generator batch norm (in the authors' code, not in Table 3), the learning rates
    are five times the authors' at first and fall, and samples come from an average of the
    generator. docs/results/act.md compares navigators.
"""

from ml_collections import ConfigDict, config_dict


def get_config() -> ConfigDict:
    """Return the locked config; None leaves an argument to the library's default."""
    config = ConfigDict()

    config.model = ConfigDict()
    config.model.name = "act_gan"
    config.model.latent_dim = 50  # Table 3
    config.model.prior = "normal"  # Table 3; or "uniform" on [-1, 1]
    config.model.generator = ConfigDict()
    config.model.generator.name = "mlp"
    config.model.generator.hidden = (100, 50)  # Table 3
    config.model.generator.negative_slope = 0.1  # appendix B.6; 0.01 in the authors' toy code
    config.model.generator.batch_norm = True  # the authors' code; Table 3 has none
    config.model.navigator = ConfigDict()
    config.model.navigator.name = "mlp"  # features; "difference" learns a distance on pairs
    config.model.navigator.hidden = (100, 50)  # Table 3
    config.model.navigator.negative_slope = 0.1  # appendix B.6
    config.model.navigator.batch_norm = True  # not in Table 3; evens out the modes
    config.model.navigator.feature_dim = 10  # Table 3: 1, which ends on one or two modes
    config.model.critic = None  # the cost is taken on the points themselves
    config.model.cost = "squared_euclidean"  # section 4; or "euclidean", "cosine"
    config.model.navigator_distance = "squared_euclidean"  # section 4
    config.model.forward_weight = 0.5  # gamma of Fig. 5: 1 covers modes, 0 seeks them
    config.model.num_fake = config_dict.placeholder(int)  # M; None: as many as real points
    config.model.num_anchors = config_dict.placeholder(int)  # None: eq. 14; 1: eq. 13
    config.model.ema_decay = 0.999  # sharpens the modes; the paper keeps no average

    config.optimizers = ConfigDict()
    config.optimizers.generator = ConfigDict()
    config.optimizers.generator.name = "adam"
    config.optimizers.generator.learning_rate = 1e-3  # 2e-4 in the authors' code: five times slower
    config.optimizers.generator.cosine_updates = (
        20_000  # the rate falls to 0; constant in the paper
    )
    config.optimizers.generator.beta_1 = 0.9  # Keras's default, as in the authors' toy code
    config.optimizers.generator.beta_2 = 0.999  # Keras's default, as in the authors' toy code
    config.optimizers.navigator = ConfigDict()
    config.optimizers.navigator.name = "adam"
    config.optimizers.navigator.learning_rate = 2e-4  # a fifth of the generator's, as the authors
    config.optimizers.navigator.cosine_updates = (
        20_000  # the rate falls to 0; constant in the paper
    )
    config.optimizers.navigator.beta_1 = 0.9
    config.optimizers.navigator.beta_2 = 0.999

    config.data = ConfigDict()
    config.data.name = "eight_gaussians"
    config.data.n = 5000  # section 4
    config.data.seed = 0  # of the fixed sample
    config.data.weights = config_dict.placeholder(tuple)  # None: equal; Fig. 4: 8 numbers
    config.data.key = config_dict.placeholder(str)  # of points in a file, data.name "npz"

    config.train = ConfigDict()
    config.train.generator_updates = 20_000  # 10,000 are "typically sufficient" (appendix B.6)
    config.train.batch_size = 100  # N, section 4
    config.train.updates_per_epoch = 1000  # an epoch ends with a checkpoint and a line of metrics
    config.train.steps_per_execution = 50  # rounds per call from Python: small steps gain much
    config.train.seed = 0  # of initial weights, latents and data order
    config.train.jit_compile = True  # small networks gain from XLA also on a CPU
    config.train.checkpoints_to_keep = 3

    config.watch = ConfigDict()
    config.watch.every = 5  # epochs between two looks
    config.watch.pictures = ("samples", "navigator", "plans")
    config.watch.num_pictured = 1000  # samples in a picture
    config.watch.metrics = ("mode_coverage", "earth_mover")
    config.watch.num_evaluated = 1000  # samples for the metrics
    config.watch.watchdog = ConfigDict()
    config.watch.watchdog.on_nonfinite = "stop"  # or "rewind", "warn": docs/runs.md

    return config.lock()
