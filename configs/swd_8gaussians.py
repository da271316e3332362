"""Sliced Wasserstein distance on 8 Gaussians: a baseline without critic and without navigator.

Paper: Zheng and Zhou, "ACT: Asymptotic Conditional Transport", 2020, Figs. 4 and 10 (SWD of
Deshpande et al., CVPR 2018); generator of Table 3.
Differs: the generator is that of `act_8gaussians.py`, with its batch norm and learning rate, so
    that the two losses are compared on equal terms.
"""

from ml_collections import ConfigDict, config_dict


def get_config() -> ConfigDict:
    """Return the locked config; None leaves an argument to the library's default."""
    config = ConfigDict()

    config.model = ConfigDict()
    config.model.name = "minimum_distance"
    config.model.latent_dim = 50  # Table 3
    config.model.prior = "normal"  # Table 3; or "uniform" on [-1, 1]
    config.model.generator = ConfigDict()
    config.model.generator.name = "mlp"
    config.model.generator.hidden = (100, 50)  # Table 3
    config.model.generator.negative_slope = 0.1  # appendix B.6
    config.model.generator.batch_norm = True  # the authors' code; Table 3 has none
    config.model.divergence = ConfigDict()
    config.model.divergence.name = "sliced_wasserstein"
    config.model.divergence.num_directions = 1000  # the authors' toy code
    config.model.num_fake = config_dict.placeholder(int)  # None: as many as real points
    config.model.ema_decay = config_dict.placeholder(float)  # None: no average of the generator

    config.optimizers = ConfigDict()
    config.optimizers.generator = ConfigDict()
    config.optimizers.generator.name = "adam"
    config.optimizers.generator.learning_rate = 1e-3  # as for ACT; 2e-4 in the authors' code
    config.optimizers.generator.beta_1 = 0.9  # Keras's default, as in the authors' toy code
    config.optimizers.generator.beta_2 = 0.999  # Keras's default, as in the authors' toy code

    config.data = ConfigDict()
    config.data.name = "eight_gaussians"
    config.data.n = 5000  # section 4
    config.data.seed = 0  # of the fixed sample
    config.data.weights = config_dict.placeholder(tuple)  # None: equal; Fig. 4: 8 numbers
    config.data.key = config_dict.placeholder(str)  # of points in a file, data.name "npz"

    config.train = ConfigDict()
    config.train.generator_updates = 20_000  # as for ACT
    config.train.batch_size = 100  # N, section 4
    config.train.updates_per_epoch = 1000  # an epoch ends with a checkpoint and a line of metrics
    config.train.steps_per_execution = 50  # rounds per call from Python: small steps gain much
    config.train.seed = 0  # of initial weights, latents, directions and data order
    config.train.jit_compile = False  # sorting gains nothing from XLA on a CPU
    config.train.checkpoints_to_keep = 3

    config.watch = ConfigDict()
    config.watch.every = 5  # epochs between two looks
    config.watch.pictures = ("samples",)
    config.watch.num_pictured = 1000  # samples in a picture
    config.watch.metrics = ("mode_coverage", "earth_mover")
    config.watch.num_evaluated = 1000  # samples for the metrics
    config.watch.watchdog = ConfigDict()
    config.watch.watchdog.on_nonfinite = "stop"  # or "rewind", "warn": docs/runs.md

    return config.lock()
