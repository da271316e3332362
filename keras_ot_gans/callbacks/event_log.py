"""TensorBoard summaries on the axis of generator updates."""

from typing import Any

import numpy as np

from keras_ot_gans.callbacks.arguments import make_folder


class EventLog:
    """A TensorBoard event file that opens at the first value and survives `fit` calls.

    Args:
        log_dir: folder of the event files, made at once; `None` writes nothing.

    Example:
        >>> log = EventLog(None)
        >>> log.scalars({"w1": 0.5}, step=10)       # nowhere to write: does nothing
        >>> log.close()
    """

    def __init__(self, log_dir: Any = None) -> None:
        """Keep the folder; the file is opened at the first value."""
        self.log_dir = None if log_dir is None else make_folder("log_dir", log_dir)
        self._writer = None

    def scalars(self, values: dict[str, float], step: int) -> None:
        """Write numbers, one tag each.

        Args:
            values: dict of tag to number.
            step: int, generator updates so far.
        """
        if self.log_dir is not None:
            tf = self._open()
            with self._writer.as_default(), tf.summary.record_if(True):
                for tag, value in values.items():
                    tf.summary.scalar(tag, value, step=step)
            self._writer.flush()

    def image(self, tag: str, picture: np.ndarray, step: int) -> None:
        """Write a picture.

        Args:
            tag: str.
            picture: uint8 array `(H, W, 3)`.
            step: int, generator updates so far.
        """
        if self.log_dir is not None:
            tf = self._open()
            # `record_if`: Keras's own TensorBoard callback may have switched summaries off
            # for all steps but every `update_freq`-th.
            with self._writer.as_default(), tf.summary.record_if(True):
                tf.summary.image(tag, picture[None], step=step)
            self._writer.flush()

    def text(self, tag: str, value: str, step: int) -> None:
        """Write a text.

        Args:
            tag: str.
            value: str, Markdown.
            step: int, generator updates so far.
        """
        if self.log_dir is not None:
            tf = self._open()
            with self._writer.as_default(), tf.summary.record_if(True):
                tf.summary.text(tag, value, step=step)
            self._writer.flush()

    def close(self) -> None:
        """Close the file; the next value opens another one in the same folder."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _open(self) -> Any:
        import tensorflow as tf

        if self._writer is None:
            self._writer = tf.summary.create_file_writer(self.log_dir)
        return tf
