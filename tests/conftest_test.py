"""The guards of the test run guard."""

import random
import socket
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import SEED, NetworkReached


@pytest.mark.parametrize("host", ["192.0.2.1", "example.invalid", "2001:db8::1"])
def test_no_test_reaches_the_network(host):
    # Addresses reserved for documentation (RFC 5737, 2606, 3849): nobody is there either way.
    with pytest.raises(NetworkReached, match="Tests run offline"):
        socket.create_connection((host, 80), timeout=1)
    with socket.socket() as free, pytest.raises(NetworkReached, match="host='"):
        free.connect_ex((host, 80))


def test_this_machine_may_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname(), timeout=5) as client:
            assert client.getpeername() == server.getsockname()


def _draws() -> tuple:
    return random.random(), np.random.rand(), float(tf.random.uniform(()))


def test_every_test_starts_from_the_same_seed():
    as_started = _draws()
    assert _draws() != as_started
    keras.utils.set_random_seed(SEED)
    assert _draws() == as_started


def test_a_warning_is_an_error():
    with pytest.raises(UserWarning, match="a warning"):
        warnings.warn("a warning", stacklevel=1)
