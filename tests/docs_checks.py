"""Finds what a page of documentation promises and does not hold.

Each `check_*` function takes a `Page` and the repository root and returns a list of complaints,
`"README.md:12: ..."`, empty when the page is true. `docs_test.py` runs them over the real pages
and, to know that they complain at all, over small wrong ones.
"""

import ast
import re
import shlex
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest import mock

from absl import flags
from ml_collections import config_flags

_FENCE = re.compile(r"^\s*(?:```|~~~)\s*(\w*)")
_INLINE_CODE = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
_LINK = re.compile(
    r"\[[^\]\n]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)|(?:src|href)=\"([^\"]+)\""
)
_MODULE_COMMAND = re.compile(r"python[\d.]*\s+-m\s+((?:apps|benchmarks|configs)\b.*)")
_SCRIPT_COMMAND = re.compile(r"python[\d.]*\s+((?!-)\S+\.py)\b")
_MAKE_COMMAND = re.compile(r"(?:^|[;&|(]\s*)make\s+([^;&|)#]*)")
_SHELLS = ("", "bash", "sh", "shell", "console", "text")


@dataclass(frozen=True)
class Line:
    """One line of a page, or one command joined over its continuation lines."""

    number: int
    text: str


@dataclass(frozen=True)
class Block:
    """A fenced block; `first` is the line number of its first inner line."""

    language: str
    first: int
    text: str


class Page:
    """A Markdown page cut into prose, fenced blocks and commands."""

    def __init__(self, path: Path, text: str):
        """Cut `text`; `path` only names the page in complaints and resolves its links."""
        self.path = path
        self.prose: list[Line] = []
        self.blocks: list[Block] = []
        inside: list[str] | None = None
        for number, line in enumerate(text.splitlines(), start=1):
            fence = _FENCE.match(line)
            if fence and inside is None:
                inside, language, first = [], fence[1], number + 1
            elif fence:
                self.blocks.append(Block(language, first, "\n".join(inside)))
                inside = None
            elif inside is not None:
                inside.append(line)
            else:
                self.prose.append(Line(number, line))
        if inside is not None:
            raise ValueError(f"{path}:{first - 1}: this code fence is never closed.")

    @classmethod
    def read(cls, path: Path) -> "Page":
        """The page stored at `path`."""
        return cls(path, path.read_text(encoding="utf-8"))

    @property
    def commands(self) -> list[Line]:
        """Shell lines (continuations joined) of all blocks, then the inline code of the prose."""
        found = []
        for block in self.blocks:
            if block.language in _SHELLS:
                pending = None
                for number, text in enumerate(block.text.splitlines(), start=block.first):
                    text = text.strip().removeprefix("$ ")
                    pending = Line(number, text) if pending is None else _joined(pending, text)
                    if not pending.text.endswith("\\"):
                        found.append(pending)
                        pending = None
        for line in self.prose:
            found += [Line(line.number, code.strip()) for code in _INLINE_CODE.findall(line.text)]
        return found

    @property
    def anchors(self) -> set[str]:
        """The `#names` of the headings, made as GitHub makes them."""
        names: dict[str, int] = {}
        anchors = set()
        for line in self.prose:
            if heading := _HEADING.match(line.text):
                plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1])
                slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
                times = names.get(slug, 0)
                names[slug] = times + 1
                anchors.add(f"{slug}-{times}" if times else slug)
        return anchors

    def complaint(self, number: int, text: str) -> str:
        """One complaint in the form editors can jump to."""
        return f"{self.path.name}:{number}: {text}"


def _joined(line: Line, more: str) -> Line:
    return Line(line.number, f"{line.text.removesuffix(chr(92))} {more}")


# --- links ---


def check_links(page: Page, root: Path) -> list[str]:
    """Every relative link and image has a target, every `#anchor` a heading."""
    complaints = []
    for line in page.prose:
        text = _INLINE_CODE.sub("", line.text)
        for match in _LINK.finditer(text):
            target = match[1] or match[2]
            if re.match(r"[a-z]+:", target):  # https:, mailto:
                continue
            name, _, anchor = target.partition("#")
            path = page.path.parent / name if name else page.path
            if name and not path.exists():
                complaints.append(page.complaint(line.number, f"`{target}` does not exist."))
            elif anchor and path.suffix == ".md":
                there = page if not name else Page.read(path)
                if anchor not in there.anchors:
                    complaints.append(
                        page.complaint(line.number, f"`{target}`: no such heading there.")
                    )
    return complaints


# --- make ---


def check_make(page: Page, root: Path) -> list[str]:
    """Every `make TARGET` is a target, every `make VARIABLE=` a variable of the Makefile."""
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][\w-]*):(?!=)", makefile, flags=re.M))
    variables = set(re.findall(r"^([A-Z_]+) \?=", makefile, flags=re.M))
    complaints = []
    for line in page.commands:
        for words in _MAKE_COMMAND.findall(line.text):
            for word in shlex.split(words):
                name, equals, _ = word.partition("=")
                if name not in (variables if equals else targets):
                    complaints.append(
                        page.complaint(
                            line.number,
                            f"`make {word}`: the Makefile has no such "
                            f"{'variable' if equals else 'target'}.",
                        )
                    )
    return complaints


# --- python -m apps... ---


def check_commands(page: Page, root: Path) -> list[str]:
    """Every `python -m apps.x --flag` names a module, its flags and its config's keys.

    No command opens TensorBoard to the network.
    """
    complaints = []
    for line in page.commands:
        if re.search(r"\btensorboard\b.*--(bind_all|host)", line.text):
            complaints.append(page.complaint(line.number, "TensorBoard must stay on loopback."))
        if script := _SCRIPT_COMMAND.search(line.text):
            if not (root / script[1]).is_file():
                complaints.append(page.complaint(line.number, f"`{script[1]}` does not exist."))
        if command := _MODULE_COMMAND.search(line.text):
            complaints += [
                page.complaint(line.number, text) for text in _command_errors(command[1], root)
            ]
    return complaints


def _command_errors(command: str, root: Path) -> list[str]:
    module, *arguments = shlex.split(re.split(r"\s[;&|<>]|\s#", command)[0])
    source = _source_of(module, root)
    if source is None:
        return [f"`{module}` is not a module of this repository."]
    known = flags_of(source, root)
    errors, config = [], []
    for argument in arguments:
        if not argument.startswith("-"):
            continue
        name = argument.lstrip("-").partition("=")[0]
        if name.partition(".")[0] == "config" and "config" in known:
            config.append(argument)
        elif name not in known and name.removeprefix("no") not in known:
            errors.append(f"`{module}` has no flag `--{name}`. It has: {', '.join(sorted(known))}.")
    return errors + _config_errors(config, root)


def _source_of(module: str, root: Path) -> Path | None:
    place = root / module.replace(".", "/")
    found = [p for p in (place.with_suffix(".py"), place / "__main__.py") if p.is_file()]
    return found[0] if found else None


@cache
def flags_of(source: Path, root: Path) -> frozenset[str]:
    """Names of the absl flags and argparse options that `source` defines or imports from `apps`.

    Read from the syntax tree: two apps may define the same flag, which one process cannot import.
    """
    names = {"help", "helpfull"}
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            function = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if function.startswith("DEFINE_"):
                names.add(node.args[0].value)
            elif function == "add_argument":
                names |= {a.value.lstrip("-") for a in node.args if isinstance(a, ast.Constant)}
        imported = []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            imported = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
        elif isinstance(node, ast.Import):
            imported = [a.name for a in node.names]
        for name in imported:
            if name.startswith("apps.") and (other := _source_of(name, root)) and other != source:
                names |= flags_of(other, root)
    return frozenset(names)


def _config_errors(arguments: list[str], root: Path) -> list[str]:
    """What ml_collections itself says of `--config=FILE --config.key=value`."""
    paths = [a for a in arguments if a.lstrip("-").startswith("config=")]
    if not paths:
        return [f"`{arguments[0]}` without `--config=FILE`."] if arguments else []
    path = paths[0].partition("=")[2].partition(":")[0]
    if not (root / path).is_file():
        return [f"`--config={path}`: no such file."]
    absolute = [a.replace(f"config={path}", f"config={root / path}", 1) for a in arguments]
    values = flags.FlagValues()
    config_flags.DEFINE_config_file("config", lock_config=True, flag_values=values)
    try:
        # ml_collections looks for the overrides in sys.argv, not in what the flags are given.
        with mock.patch.object(sys, "argv", ["docs", *absolute]):
            values(sys.argv)
    except (AttributeError, KeyError, TypeError, ValueError, flags.Error) as error:
        return [f"`{' '.join(arguments)}`: {error}"]
    return []


# --- python blocks ---


def run_python(page: Page) -> None:
    """Run the page's python blocks, one after the other, in one namespace.

    Tracebacks point at the page's own lines.
    """
    namespace = {"__name__": "__main__"}
    for block in page.blocks:
        if block.language in ("python", "py"):
            source = "\n" * (block.first - 1) + block.text + "\n"
            exec(compile(source, str(page.path), "exec"), namespace)
