"""Checks of the image shapes that networks are asked for."""


def check_square(image_shape: tuple) -> int:
    """Return the side of a square image.

    Args:
        image_shape: `(size, size, channels)`.

    Returns:
        int, the side in pixels.

    Raises:
        ValueError: if there are not three positive axes, the first two equal.

    Example:
        >>> check_square((32, 32, 3))
        32
    """
    shape = tuple(image_shape)
    known = all(isinstance(axis, int) and axis > 0 for axis in shape)
    if len(shape) != 3 or not known or shape[0] != shape[1]:
        raise ValueError(
            "`image_shape` must be a square (height, width, channels). "
            f"Received: image_shape={shape}. Crop the images, or give grey ones a channel axis."
        )
    return shape[0]


def halved(side: int) -> tuple[int, int]:
    """Halve a side while it is even and above 7.

    Args:
        side: int, pixels.

    Returns:
        `(what is left, how often it was halved)`.

    Example:
        >>> halved(28), halved(32), halved(5)
        ((7, 2), (4, 3), (5, 0))
    """
    halvings = 0
    while side % 2 == 0 and side > 7:
        side, halvings = side // 2, halvings + 1
    return side, halvings


def refuse(image_shape: tuple, sizes: str, advice: str) -> ValueError:
    """Return the error of a network that cannot make or take an image.

    Args:
        image_shape: what was received.
        sizes: the sides that work, in words.
        advice: what to resize the images to, in words.

    Returns:
        `ValueError`, to be raised.

    Example:
        >>> refuse((30, 30, 3), "a side of 32 pixels", "32 pixels")
        ValueError('`image_shape` must have a side of 32 pixels. Received: \
image_shape=(30, 30, 3). Resize the images to 32 pixels.')
    """
    return ValueError(
        f"`image_shape` must have {sizes}. Received: image_shape={tuple(image_shape)}. "
        f"Resize the images to {advice}."
    )
