"""Config files of small games, and how to spoil them."""

_GAME = '''"""A small game."""
from ml_collections import ConfigDict
from tests.apps.malformed import runs

def get_config():
    config = runs.GAME()
    with config.unlocked(), config.ignore_type():
        {change}
    return config
'''
POINTS = _GAME.replace("GAME", "points_config")
IMAGES = _GAME.replace("GAME", "images_config")
