"""A hash of a set of images that knows no order."""

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np

_MODULUS = 1 << 256


class DataHash:
    """SHA-256 of a set of images, gathered batch by batch.

    Each image is hashed with its type and shape (and label, if there is one); the sum of these
    hashes, modulo 2^256, is hashed with their number. So the order of the images and the size of
    the batches do not matter, an image that occurs twice counts twice, and 8-bit pixels differ
    from the same pixels as floats.

    Args:
        seed: int >= 0, of the keys that `update` returns; the hash does not depend on it.

    Example:
        >>> images = np.arange(12, dtype="uint8").reshape(3, 2, 2, 1)
        >>> forwards, backwards = DataHash(), DataHash()
        >>> _ = forwards.update(images)
        >>> _ = backwards.update(images[2:]), backwards.update(images[:2])
        >>> forwards.hexdigest() == backwards.hexdigest()
        True
    """

    def __init__(self, seed: int = 0) -> None:
        """Begin with no image."""
        self.count, self._sum = 0, 0
        self._salt = seed.to_bytes(8, "little")

    def update(self, images: Any, labels: Any = None) -> np.ndarray:
        """Add images.

        Args:
            images: array `(B, ...)`.
            labels: int array `(B,)` or None.

        Returns:
            uint64 array `(B,)`: for each image a number that depends on it and the seed alone,
            as good as random. The images with the smallest ones are a random subset which does
            not depend on the order of the stream.
        """
        images = np.ascontiguousarray(images)
        head = f"{images.dtype.str}{images.shape[1:]}".encode()
        keys = np.empty(len(images), np.uint64)
        for index, image in enumerate(images):
            digest = hashlib.sha256(head)
            digest.update(image.data)
            if labels is not None:
                digest.update(f"label {int(labels[index])}".encode())
            found = digest.digest()
            self._sum = (self._sum + int.from_bytes(found, "little")) % _MODULUS
            salted = hashlib.sha256(self._salt + found).digest()
            keys[index] = int.from_bytes(salted[:8], "little")
        self.count += len(images)
        return keys

    def hexdigest(self) -> str:
        """Return the hash of all images so far, 64 hexadecimal digits."""
        text = b"%d images " % self.count + self._sum.to_bytes(32, "little")
        return hashlib.sha256(text).hexdigest()


def data_hash(batches: Any) -> str:
    """Return the hash of an array of images, or of batches of them.

    Args:
        batches: array `(n, height, width, channels)`, or an iterable of such arrays.

    Returns:
        str, 64 hexadecimal digits; see `DataHash` for what it depends on.

    Example:
        >>> images = np.zeros((4, 2, 2, 1), "uint8")
        >>> data_hash(images) == data_hash([images[:1], images[1:]])
        True
    """
    found = DataHash()
    parts: Iterable = [batches] if isinstance(batches, np.ndarray) else batches
    for batch in parts:
        found.update(batch)
    return found.hexdigest()
