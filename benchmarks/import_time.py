"""Seconds that importing the library takes beyond TensorFlow and Keras, all sub-packages with it.

    python -m benchmarks.import_time

Each import is in a process of its own; the first one, which reads files from the disk, is left out.
The library is held to 0.3 s.
"""

import statistics
import subprocess
import sys

from absl import app, flags

_ROUNDS = flags.DEFINE_integer("rounds", 7, "Processes that are timed.", lower_bound=1)
_PROGRAM = """
import time, tensorflow, keras
start = time.perf_counter()
import keras_ot_gans
for name in keras_ot_gans.__all__:
    getattr(keras_ot_gans, name)
print(time.perf_counter() - start)
"""


def main(argv: list[str]) -> None:
    """Time the import, and print a Markdown table."""
    del argv
    seconds = []
    for _ in range(_ROUNDS.value + 1):
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
        )
        seconds.append(float(done.stdout))
    timed = seconds[1:]
    print("| least | median | most |\n|---|---|---|")
    print(f"| {min(timed):.2f} s | {statistics.median(timed):.2f} s | {max(timed):.2f} s |")


if __name__ == "__main__":
    app.run(main)
