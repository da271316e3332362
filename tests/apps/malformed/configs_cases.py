"""Config files and flags of a small game of points, and how to spoil them."""

POINTS = '''"""A small game of points."""
from ml_collections import ConfigDict
from configs import swd_8gaussians

def get_config():
    config = swd_8gaussians.get_config()
    config.data.n, config.model.generator.hidden = 20, (4,)
    config.model.divergence.num_directions, config.model.latent_dim = 4, 3
    config.train.generator_updates, config.train.updates_per_epoch = 2, 1
    config.train.steps_per_execution, config.train.batch_size = 1, 8
    config.watch.pictures, config.watch.metrics = (), ()
    with config.unlocked(), config.ignore_type():
        {change}
    return config
'''
IMAGES = '''"""A small game of images, with a critic and classes where asked for."""
from ml_collections import ConfigDict
from configs import lipschitz_mnist

def get_config():
    config = lipschitz_mnist.get_config("gan")
    config.model.generator.width = config.model.critic.width = 1
    config.model.latent_dim, config.model.effective_constants = 3, False
    config.train.generator_updates, config.train.updates_per_epoch = 2, 1
    config.train.steps_per_execution, config.train.batch_size = 1, 8
    config.watch.pictures, config.watch.scores = (), ()
    config.data.name, config.data.image_size = "npz", 8
    with config.unlocked(), config.ignore_type():
        {change}
    return config
'''
