"""ACT on a bimodal mixture on the line, `1/4 N(-5, 1) + 3/4 N(2, 1)`.

Paper: Zheng and Zhou, "ACT: Asymptotic Conditional Transport", 2020, section 4, Fig. 2 (and Fig. 3
for `--config.train.batch_size=20`, 200 and 5000); networks of Table 3 with V = 1.
Differs: batches of 200 where the authors' notebook takes all 5,000 points in every step.
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
    config.model.generator.negative_slope = 0.1  # appendix B.6
    config.model.generator.batch_norm = True  # the authors' notebook; Table 3 has none
    config.model.navigator = ConfigDict()
    config.model.navigator.name = "mlp"  # features; "difference" learns a distance on pairs
    config.model.navigator.hidden = (100, 50)  # Table 3
    config.model.navigator.negative_slope = 0.1  # appendix B.6
    config.model.navigator.feature_dim = 1  # Table 3
    config.model.critic = None  # the cost is taken on the points themselves
    config.model.cost = "squared_euclidean"  # section 4; or "euclidean", "cosine"
    config.model.navigator_distance = "squared_euclidean"  # section 4
    config.model.forward_weight = 0.5  # gamma of Fig. 5: 1 covers modes, 0 seeks them
    config.model.num_fake = config_dict.placeholder(int)  # M; None: as many as real points
    config.model.num_anchors = config_dict.placeholder(int)  # None: eq. 14; 1: eq. 13
    config.model.ema_decay = config_dict.placeholder(float)  # None: no average of the generator

    config.optimizers = ConfigDict()
    config.optimizers.generator = ConfigDict()
    config.optimizers.generator.name = "adam"
    config.optimizers.generator.learning_rate = 1e-3  # 1e-2 in the notebook, on full batches
    config.optimizers.generator.beta_1 = 0.9  # Keras's default, as in the notebook
    config.optimizers.generator.beta_2 = 0.999  # Keras's default, as in the notebook
    config.optimizers.navigator = ConfigDict()
    config.optimizers.navigator.name = "adam"
    config.optimizers.navigator.learning_rate = 1e-3  # as the generator's, as in the notebook
    config.optimizers.navigator.beta_1 = 0.9
    config.optimizers.navigator.beta_2 = 0.999

    config.data = ConfigDict()
    config.data.name = "bimodal_1d"
    config.data.n = 5000  # section 4
    config.data.seed = 0  # of the fixed sample
    config.data.key = config_dict.placeholder(str)  # of points in a file, data.name "npz"

    config.train = ConfigDict()
    config.train.generator_updates = 5000  # 200 passes over the data
    config.train.batch_size = 200  # N, the middle one of Fig. 3
    config.train.updates_per_epoch = 500  # an epoch ends with a checkpoint and a line of metrics
    config.train.steps_per_execution = 50  # rounds per call from Python: small steps gain much
    config.train.seed = 0  # of initial weights, latents and data order
    config.train.jit_compile = True  # small networks gain from XLA also on a CPU
    config.train.checkpoints_to_keep = 3

    config.watch = ConfigDict()
    config.watch.every = 1  # epochs between two looks: Fig. 2 is a series over the training
    config.watch.pictures = ("samples", "navigator")
    config.watch.num_pictured = 5000  # samples in a picture
    config.watch.metrics = ("sorted_w2",)
    config.watch.num_evaluated = 5000  # samples for the metrics, as in Fig. 3
    config.watch.watchdog = ConfigDict()
    config.watch.watchdog.on_nonfinite = "stop"  # or "rewind", "warn": docs/runs.md

    return config.lock()
