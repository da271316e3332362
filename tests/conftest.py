"""What every test gets: a quiet TensorFlow, fixed seeds, and no way out to the network."""

import os
import socket

import hypothesis
import pytest

# Read by TensorFlow and matplotlib when they are first imported, so set before any of them is.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["MPLBACKEND"] = "Agg"
if "PYTEST_XDIST_WORKER" in os.environ:
    # One process per core: more threads than cores only wait for each other.
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")

SEED = 20_240_601

# A gate must not fail by luck: the same examples in every run, and no time limit on a busy machine.
# To hunt for new examples: HYPOTHESIS_PROFILE=explore make test
hypothesis.settings.register_profile("gate", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("explore", max_examples=1000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Seed Python, NumPy, TensorFlow and Keras, whichever test ran before this one."""
    # Imported here: under xdist, the process that only hands out the tests needs no Keras.
    import keras

    keras.utils.set_random_seed(SEED)


# --- the network guard: installed for the whole run, doctests and collection included ---

_patched = pytest.MonkeyPatch()


class NetworkReached(RuntimeError):
    """A test tried to leave the machine. Not an `OSError`, which libraries catch and retry."""


def check_local(host: object) -> None:
    """Raise `NetworkReached` unless `host` is this machine."""
    name = host.decode() if isinstance(host, bytes) else str(host)
    if host is None or name in ("", "localhost", "::1", "0.0.0.0") or name.startswith("127."):
        return
    raise NetworkReached(
        f"A test tried to reach `host` outside this machine. Received: host={name!r}. "
        "Tests run offline: use `tfds.testing.mock_data`, data made in the test, or a file in "
        "`tmp_path`."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Let sockets reach this machine only."""

    def guarded(method):
        def connect(self, address, *args):
            if isinstance(address, tuple):  # a Unix socket's address is a path
                check_local(address[0])
            return method(self, address, *args)

        return connect

    def getaddrinfo(host, *args, _resolve=socket.getaddrinfo, **kwargs):
        check_local(host)
        return _resolve(host, *args, **kwargs)

    _patched.setattr(socket.socket, "connect", guarded(socket.socket.connect))
    _patched.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
    _patched.setattr(socket, "getaddrinfo", getaddrinfo)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the sockets back."""
    _patched.undo()
