"""A program that trains in forks of itself, which are spared the seconds that imports take.

A fork is a process of its own and SIGKILL ends it as any other. It is sound because nothing but
imports happens before: TensorFlow makes its context and its threads at the first operation, in
each fork anew. That there is but one thread to be forked is checked.

Reads lines of JSON, each `[log, *flags of apps.train]`; answers each by the process's number, and
after its end by its exit code, -9 where it was killed.
"""

import json
import os
import sys

# Read when they are imported: NumPy's threads, which would be there before the fork.
os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "-1"}

from apps import command_line, experiment, train

__all__ = ["experiment"]  # all that `train` imports late


def child(log, flags):
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    sys.argv = ["apps.train", *flags]
    command_line.run(train.main, train.FLAGS, train.__doc__)


def answer(number):
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def main():
    for line in sys.stdin:
        log, *flags = json.loads(line)
        threads = len(os.listdir("/proc/self/task"))
        if threads != 1:
            raise RuntimeError(f"There must be one thread to be forked. Received: {threads}.")
        process = os.fork()
        if not process:
            child(log, flags)
        answer(process)
        _, status = os.waitpid(process, 0)
        answer(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
