"""Numbers that a person reads: bytes and times."""


def readable(number: float) -> str:
    """Write a number of bytes.

    Args:
        number: bytes.

    Returns:
        str.

    Example:
        >>> readable(786_432), readable(3.2e9), readable(12)
        ('786 kB', '3.2 GB', '12 B')
    """
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.0f} B"


def duration(seconds: float) -> str:
    """Write a time.

    Args:
        seconds: float.

    Returns:
        str.

    Example:
        >>> duration(42.4), duration(60 * 75), duration(3600 * 50)
        ('42 s', '1.2 h', '2.1 days')
    """
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size * (1 if unit != "days" else 2):
            return f"{seconds / size:.2g} {unit}"
    return f"{seconds:.0f} s"
