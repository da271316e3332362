"""Command-line apps: flags and one call each; the only place that knows configs."""

import os

# TensorFlow reads it when it is first imported. 2: errors only.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
