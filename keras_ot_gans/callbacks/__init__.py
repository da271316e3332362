"""Watch and steer a training: pictures, evaluations, freezing, a watchdog.

They rely on the models' public interface only, and touch no global random state.
`fit(callbacks=[...])` calls them in the order of the list: put `EvaluateGenerator`
before callbacks that read its values.
"""

from keras_ot_gans.callbacks.codes import Codes
from keras_ot_gans.callbacks.density_pictures import density_picture
from keras_ot_gans.callbacks.dot_samples import DOTSamples
from keras_ot_gans.callbacks.evaluate_generator import EvaluateGenerator
from keras_ot_gans.callbacks.event_log import EventLog
from keras_ot_gans.callbacks.freeze_role import FreezeRole
from keras_ot_gans.callbacks.interpolations import Interpolations
from keras_ot_gans.callbacks.json_lines import append_json_line, read_json_lines
from keras_ot_gans.callbacks.navigator_logits import NavigatorLogits
from keras_ot_gans.callbacks.navigator_pictures import navigator_picture
from keras_ot_gans.callbacks.neighbours import Neighbours
from keras_ot_gans.callbacks.picture_callback import PictureCallback
from keras_ot_gans.callbacks.pictures import figure_to_array, image_grid, new_figure, write_png
from keras_ot_gans.callbacks.plan_pictures import plan_picture
from keras_ot_gans.callbacks.reconstructions import Reconstructions
from keras_ot_gans.callbacks.sample_grid import SampleGrid
from keras_ot_gans.callbacks.sample_scatter import SampleScatter
from keras_ot_gans.callbacks.transport_plan import TransportPlan
from keras_ot_gans.callbacks.watchdogs.pace import time_input
from keras_ot_gans.callbacks.watchdogs.rewinds import DivergedError
from keras_ot_gans.callbacks.watchdogs.watch_rules import RULES, default_rules
from keras_ot_gans.callbacks.watchdogs.watchdog import Watchdog

__all__ = [
    "RULES",
    "Codes",
    "DOTSamples",
    "DivergedError",
    "EvaluateGenerator",
    "EventLog",
    "FreezeRole",
    "Interpolations",
    "NavigatorLogits",
    "Neighbours",
    "PictureCallback",
    "Reconstructions",
    "SampleGrid",
    "SampleScatter",
    "TransportPlan",
    "Watchdog",
    "append_json_line",
    "default_rules",
    "density_picture",
    "figure_to_array",
    "image_grid",
    "navigator_picture",
    "new_figure",
    "plan_picture",
    "read_json_lines",
    "time_input",
    "write_png",
]
