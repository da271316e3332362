"""Run folders made by hand, and a parser that sees a page as a strict browser would."""

import base64
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
from PIL import Image

from apps.reporting import page

CARD = {"feature_network": "toy", "n_real": 100, "n_fake": 50, "seed": 0}
VOID = {"br", "img", "link", "meta"}


def config(**changes):
    """A nested config with dotted keys replaced."""
    found = {
        "data": {"name": "rings", "n": 100},
        "model": {"name": "act_gan", "critic": None, "generator": {"hidden": [8, 4]}},
        "train": {"generator_updates": 300, "batch_size": 8, "seed": 0},
        "watch": {"every": 1, "pictures": ["samples"]},
    }
    for key, value in changes.items():
        section, *inner = key.split("__")
        if inner:
            found[section][inner[0]] = value
        else:
            found[section] = value
    return found


def score(value, half, higher, card="toy-50"):
    return {
        "value": value,
        "low": value - half,
        "high": value + half,
        "higher_is_better": higher,
        "card": card,
    }


def records(card="toy-50", n_fake=50):
    """Three epochs with losses, transport, scores and times."""
    return [
        {
            "epoch": epoch,
            "step": 100 * epoch,
            "seconds": 12.0,
            "updates_per_second": 10.0,
            "generator_loss": -1.0 / epoch,
            "marginal_error": 10.0 ** -(2 * epoch),
            "iterations": 40.5 + epoch,
            "plan_entropy": 0.25 * epoch,
            "w1": 0.5 / epoch,
            "w1_floor": 0.05,
            "fid": 30.0 / epoch + (epoch == 3),
            "best_fid": 30.0 / epoch,
            "scores": {"fid": score(30.0 / epoch + (epoch == 3), 1.5, False, card)},
            "cards": {card: {**CARD, "n_fake": n_fake}},
        }
        for epoch in (1, 2, 3)
    ]


def png(side=6, value=None, size=None):
    """Bytes of a small random PNG."""
    shape = (*(size or (side, side)), 3)
    pixels = np.random.default_rng(side).integers(0, 256, shape, dtype=np.uint8)
    if value is not None:
        pixels[:] = value
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def make(path, settings=None, lines=None, steps=(0, 100, 300), kinds=("samples",)):
    """Write a whole run folder and return its path."""
    path.mkdir(parents=True)
    (path / "config.json").write_text(json.dumps(settings or config()))
    lines = records() if lines is None else lines
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (path / "environment.txt").write_text("started: today\ndevices: CPU\nkeras: 3.15\n\n")
    (path / "reals.png").write_bytes(png(5))
    (path / "generator.keras").write_bytes(b"not a model: a report does not load it")
    for kind in kinds:
        (path / kind).mkdir()
        for step in steps:
            (path / kind / f"step_{step:06d}.png").write_bytes(png(6, value=step % 251))
    return path


class Element:
    """An element of a page."""

    def __init__(self, name, attributes, parent):
        self.name, self.attributes, self.parent = name, attributes, parent
        self.children = []

    def all(self, name, class_=None):
        found = []
        for child in self.children:
            if isinstance(child, Element):
                classes = (child.attributes.get("class") or "").split()
                if child.name == name and (class_ is None or class_ in classes):
                    found.append(child)
                found += child.all(name, class_)
        return found

    def every(self):
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.every()

    @property
    def text(self):
        return "".join(c if isinstance(c, str) else c.text for c in self.children)


class Page(HTMLParser):
    """A page as a tree; whatever is not closed in order is an error."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.html = html
        self.root = self._open = Element("", {}, None)
        self.feed(html)
        self.close()
        assert self._open is self.root, f"<{self._open.name}> is never closed"

    def handle_starttag(self, name, attributes):
        assert len(dict(attributes)) == len(attributes), f"an attribute of <{name}> twice"
        element = Element(name, dict(attributes), self._open)
        self._open.children.append(element)
        if name not in VOID:
            self._open = element

    def handle_endtag(self, name):
        assert name == self._open.name, f"</{name}> closes <{self._open.name}>"
        self._open = self._open.parent

    def handle_data(self, data):
        self._open.children.append(data)

    def all(self, name, class_=None):
        return self.root.all(name, class_)

    @property
    def text(self):
        (body,) = self.all("body")
        return body.text

    def section(self, identifier):
        return next(s for s in self.all("section") if s.attributes["id"] == identifier)

    def charts(self, within=None):
        """dict of name to the first figure of that name."""
        found = {}
        for figure in (within or self.root).all("figure", "chart"):
            found.setdefault(figure.all("figcaption")[0].children[0], figure)
        return found

    def notes(self):
        """Lines of "What is missing"."""
        return [item.text for aside in self.all("aside") for item in aside.all("li")]

    def pictures(self):
        """Decoded pictures with their alternative texts."""
        found = []
        for image in self.all("img"):
            prefix, _, content = image.attributes["src"].partition(",")
            assert prefix == "data:image/png;base64"
            decoded = Image.open(io.BytesIO(base64.b64decode(content, validate=True)))
            found.append((image.attributes["alt"], np.asarray(decoded.convert("RGB"))))
        return found


def rows(table):
    """Cells of a table's body as lists of text."""
    (body,) = table.all("tbody")
    return [[cell.text for cell in row.children] for row in body.all("tr")]


def check(page):
    """Assert what holds for every page: nothing from elsewhere, nothing that runs, all named."""
    identifiers = [e.attributes["id"] for e in page.root.every() if "id" in e.attributes]
    assert len(identifiers) == len(set(identifiers))
    for element in page.root.every():
        assert element.name not in {"script", "iframe", "object", "embed", "base", "form", "video"}
        for name, value in element.attributes.items():
            assert not name.startswith("on") and name not in {"style", "srcset", "action"}
            if name in {"src", "href", "poster", "data", "xlink:href"}:
                assert value.startswith("data:") or value[1:] in identifiers, value
                assert element.name != "a" or value.startswith("#")
    (style,) = page.all("style")
    assert not re.search(r"url\(|@import|@font-face|expression", style.text)
    assert all(image.attributes["alt"].strip() for image in page.all("img"))
    assert all(table.all("caption")[0].text.strip() for table in page.all("table"))
    assert page.all("html")[0].attributes["lang"] == "en"
    assert len(page.all("h1")) == len(page.all("main")) == 1
    return page


def report(*paths):
    """Parse and check the report of folders."""
    return check(Page(page.build([str(path) for path in paths])))
