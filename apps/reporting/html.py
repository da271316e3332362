"""HTML in which text can only be text: whatever is not `Markup` is escaped.

Example:
    >>> tag("p", "a < b", class_="note")
    '<p class="note">a &lt; b</p>'
    >>> tag("p", tag("b", "<script>"), None, 3)
    '<p><b>&lt;script&gt;</b>3</p>'
"""

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from apps.reporting.style import STYLE

_VOID = {"br", "img", "link", "meta"}
# Control characters, halves of surrogate pairs, and marks that turn the direction of writing:
# none of them can be seen, and some cannot be encoded.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


class Markup(str):
    """Text that is HTML already. Only `tag` and `join` make it."""

    __slots__ = ()


def escape(value: Any) -> Markup:
    r"""Return a value as HTML text.

    Args:
        value: anything; `Markup` stays as it is, None is empty.

    Returns:
        `Markup`.

    Example:
        >>> escape('"<&>"\x00')
        '&quot;&lt;&amp;&gt;&quot;\\x00'
    """
    if isinstance(value, Markup):
        return value
    text = "" if value is None else str(value)
    text = _UNSEEN.sub(lambda found: ascii(found[0])[1:-1], text)
    return Markup(html.escape(text))


def join(parts: Iterable[Any], between: str = "") -> Markup:
    """Return several values one after the other.

    Args:
        parts: values, escaped where they are not `Markup`.
        between: text between two of them.

    Returns:
        `Markup`.

    Example:
        >>> join(["<", tag("br")], ", ")
        '&lt;, <br>'
    """
    return Markup(escape(between).join(map(escape, parts)))


def tag(name: str, /, *children: Any, **attributes: Any) -> Markup:
    """Return an element.

    Args:
        name: its name.
        *children: values, escaped where they are not `Markup`; None is nothing.
        **attributes: values, always escaped; None and False leave the attribute out, True gives
            it without a value. `_` in a name becomes `-`, one at the end is dropped.

    Returns:
        `Markup`.
    """
    opening = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key.rstrip("_").replace("_", "-")
        opening.append(key if value is True else f'{key}="{escape(str(value))}"')
    end = "" if name in _VOID else f"{join(children)}</{name}>"
    return Markup(f"<{' '.join(opening)}>{end}")


def table(
    caption: str, header: Sequence[Any], rows: Iterable[Sequence[Any]], class_: str | None = None
) -> Markup:
    """Return a table that scrolls in its own box where the screen is narrow.

    Args:
        caption: what it shows.
        header: names of the columns; empty for none.
        rows: cells; the first of each row is its header.
        class_: class of the table.

    Returns:
        `Markup`.
    """
    head = tag("thead", tag("tr", *(tag("th", cell, scope="col") for cell in header)))
    body = [
        tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:]))
        for row in rows
    ]
    inner = tag(
        "table", tag("caption", caption), head if header else None, tag("tbody", *body),
        class_=class_,
    )  # fmt: skip
    # Whatever scrolls must be reachable by the keyboard, and then needs a name.
    return tag("div", inner, class_="scroll", tabindex="0", role="region", aria_label=caption)


def details(summary: Any, *children: Any, open_: bool = False) -> Markup:
    """Return a part that unfolds, without a script.

    Args:
        summary: the line that is always there.
        *children: the rest.
        open_: bool, whether it begins unfolded.

    Returns:
        `Markup`.
    """
    return tag("details", tag("summary", summary), *children, open=open_)


class Section(NamedTuple):
    """A part of the page with a heading.

    Attributes:
        identifier: target of links.
        title: the heading.
        content: `Markup`, the whole element.
    """

    identifier: str
    title: str
    content: Markup


def section(identifier: str, title: str, *children: Any) -> Section | None:
    """Return a section with its heading, None if it would be empty.

    Args:
        identifier: target of links.
        title: the heading.
        *children: content; None and empty texts are nothing.

    Returns:
        `Section` or None.
    """
    if not any(children):
        return None
    label = f"{identifier}-title"
    heading = tag("h2", title, id=label)
    content = tag("section", heading, *children, id=identifier, aria_labelledby=label)
    return Section(identifier, title, content)


def document(title: str, *body: Any) -> Markup:
    """Return a page that a browser must not fetch anything for, and run nothing of.

    The policy allows the one style sheet by its hash, and pictures that are part of the page.

    Args:
        title: of the window.
        *body: content.

    Returns:
        `Markup`, the whole file.
    """
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("link", rel="icon", href="data:,"),  # else a server is asked for one
        tag("title", title),
        tag("style", Markup(STYLE)),
    )
    page = tag("html", head, tag("body", *body), lang="en")
    return Markup(f"<!DOCTYPE html>\n{page}\n")
