"""Three ways to bring an image to 299 x 299, each a value that a protocol can name.

They differ by several points of FID, so a score is worth nothing without the name of its
resize. None is a parameter of training: gradients are not promised.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image


def tf1_bilinear(images: Any, size: tuple[int, int] = (299, 299)) -> tf.Tensor:
    """Bilinear resize of TensorFlow 1, in which the Inception graph of 2015 was made.

    Pixel `i` of the output reads the input at `i * (old / new)`: centres of pixels are
    ignored, so the image is shifted by up to half a pixel; nothing is smoothed before
    an image is made smaller.

    Args:
        images: tensor `(B, H, W, C)`, any real dtype and range.
        size: `(height, width)` of the result.

    Returns:
        float32 tensor `(B, height, width, C)` in the range of `images`.

    Example:
        >>> tf1_bilinear(np.array([[[[0.0], [4.0]]]]), (1, 4))[0, 0, :, 0].numpy().tolist()
        [0.0, 2.0, 4.0, 4.0]

    Source: op `ResizeBilinear` with `align_corners` and `half_pixel_centers` both false.
    Differs: none.
    """
    return tf.raw_ops.ResizeBilinear(
        images=tf.convert_to_tensor(images), size=size, align_corners=False
    )


def torch_bilinear(images: Any, size: tuple[int, int] = (299, 299)) -> tf.Tensor:
    """Bilinear resize of the PyTorch port: half-pixel centres, no antialiasing.

    Args:
        images: tensor `(B, H, W, C)`, any real dtype and range.
        size: `(height, width)` of the result.

    Returns:
        float32 tensor `(B, height, width, C)` in the range of `images`.

    Example:
        >>> torch_bilinear(np.array([[[[0.0], [4.0]]]]), (1, 4))[0, 0, :, 0].numpy().tolist()
        [0.0, 1.0, 3.0, 4.0]

    Source: `torch.nn.functional.interpolate(mode="bilinear", align_corners=False)`.
    Differs: none.
    """
    return tf.raw_ops.ResizeBilinear(
        images=tf.convert_to_tensor(images),
        size=size,
        align_corners=False,
        half_pixel_centers=True,
    )


def clean_bicubic(images: Any, size: tuple[int, int] = (299, 299)) -> np.ndarray:
    """Antialiased bicubic resize of Pillow, each channel in float32, as clean-fid does it.

    Args:
        images: array `(B, H, W, C)` in [0, 255], any real dtype.
        size: `(height, width)` of the result.

    Returns:
        float32 array `(B, height, width, C)`, clipped to [0, 255] and not rounded. An
        image that already has this size comes back as it is.

    Example:
        >>> clean_bicubic(np.full((1, 8, 8, 3), 7.0), (2, 2))[0, 0, 0].tolist()
        [7.0, 7.0, 7.0]

    Source: Parmar, Zhang and Zhu, "On Aliased Resizing and Surprising Subtleties in GAN
        Evaluation", CVPR 2022.
    Differs: none.
    """
    images = np.asarray(images, dtype=np.float32)
    height, width = size
    resized = np.empty((len(images), height, width, images.shape[3]), dtype=np.float32)
    for image, result in zip(images, resized, strict=True):
        for channel in range(image.shape[2]):
            # A contiguous float32 plane is Pillow's mode "F".
            plane = Image.fromarray(np.ascontiguousarray(image[:, :, channel]))
            result[:, :, channel] = plane.resize((width, height), Image.Resampling.BICUBIC)
    return np.clip(resized, 0.0, 255.0, out=resized)


@dataclass(frozen=True)
class Resize:
    """A resize with the name that stands on a protocol card.

    Attributes:
        name: what it does, in a few words; the size is part of it.
        function: `(images, size) -> images`.
        size: `(height, width)`.

    Example:
        >>> TF1_BILINEAR.name
        'tf1 bilinear, no half-pixel centres, 299 x 299'
        >>> CLEAN_BICUBIC(np.zeros((1, 4, 4, 3))).shape
        (1, 299, 299, 3)
    """

    name: str
    function: Callable[[Any, tuple[int, int]], Any]
    size: tuple[int, int] = (299, 299)

    def __call__(self, images: Any) -> Any:
        """Resize a batch.

        Args:
            images: array `(B, H, W, C)` in [0, 255].

        Returns:
            float32 array or tensor `(B, *size, C)`.
        """
        return self.function(images, self.size)


TF1_BILINEAR = Resize("tf1 bilinear, no half-pixel centres, 299 x 299", tf1_bilinear)
TORCH_BILINEAR = Resize(
    "torch bilinear, half-pixel centres, no antialiasing, 299 x 299", torch_bilinear
)
CLEAN_BICUBIC = Resize("clean bicubic, antialiased by Pillow, 299 x 299", clean_bicubic)
