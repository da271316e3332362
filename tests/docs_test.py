"""The documentation is true: its commands, flags, configs, links and Python all work."""

from pathlib import Path

import pytest

from tests.docs_checks import (
    Page,
    check_commands,
    check_links,
    check_make,
    run_python,
)

ROOT = Path(__file__).resolve().parents[1]
CHECKS = [check_commands, check_links, check_make]
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] + sorted(
    str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")
)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", PAGES)
def test_page_is_true(name, check):
    complaints = check(Page.read(ROOT / name), ROOT)
    assert not complaints, "\n" + "\n".join(complaints)


@pytest.mark.parametrize("name", PAGES)
def test_python_of_page_runs(name, tmp_path, monkeypatch):
    page = Page.read(ROOT / name)
    monkeypatch.chdir(tmp_path)
    run_python(page)


# --- the checks themselves, on a small repository with one of everything ---


@pytest.fixture
def repository(tmp_path):
    files = {
        "Makefile": "VENV ?= .venv\nBIN = x\ndemo: install\n\techo\ninstall:\n\techo\n",
        "apps/train.py": (
            "from absl import flags\nfrom apps import shared\n"
            "_CONFIG = config_flags.DEFINE_config_file('config', lock_config=True)\n"
            "_DRY = flags.DEFINE_bool('dry_run', False, 'help')\n"
        ),
        "apps/shared.py": "flags.DEFINE_string('workdir', None, 'help')\n",
        "benchmarks/step.py": "parser.add_argument('--batch', type=int)\n",
        "configs/toy.py": (
            "from ml_collections import ConfigDict\n\n"
            "def get_config():\n"
            "    config = ConfigDict({'steps': 3, 'adam': {'rate': 0.1}})\n"
            "    return config.lock()\n"
        ),
        "docs/other.md": "# Other page\n",
        "picture.png": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def complaints_of(text, repository):
    page = Page(repository / "README.md", text)
    return [complaint for check in CHECKS for complaint in check(page, repository)]


def in_bash(*lines):
    return "\n".join(["```bash", *lines, "```"])


RIGHT = {
    "module and flags": in_bash("python -m apps.train --workdir=x --dry_run --nodry_run --help"),
    "prompt and comment": in_bash("$ python -m apps.train --dry_run  # --not a flag"),
    "inline": "Run `python -m apps.train --workdir=x` now.",
    "config": in_bash("python -m apps.train --config=configs/toy.py --config.adam.rate=0.5"),
    "benchmark": in_bash("python -m benchmarks.step --batch=3", "python benchmarks/step.py"),
    "other language": "```python\nmake('python -m apps.gone')\n```",
    "make": in_bash("make demo VENV=here && make install") + "\nThis will make it `make demo`.",
    "links": (
        "# A `b`: c!\n[x](docs/other.md#other-page) ![y](picture.png) [z](#a-b-c) "
        '<img src="picture.png"> [w](https://example.org/gone)'
    ),
    "link in code": "`[x](gone.md)`",
}

WRONG = {
    "unknown module": (in_bash("python -m apps.gone"), "`apps.gone` is not a module"),
    "unknown flag": (in_bash("python -m apps.train --steps=3"), "no flag `--steps`"),
    "flag on next line": (in_bash("python -m apps.train \\", "  --steps=3"), "no flag `--steps`"),
    "inline flag": ("Type `python -m apps.train --steps`.", "no flag `--steps`"),
    "unknown config": (in_bash("python -m apps.train --config=configs/x.py"), "no such file"),
    "unknown key": (
        in_bash("python -m apps.train --config=configs/toy.py --config.adam.beta=1"),
        "config.adam.beta",
    ),
    "wrong type": (
        in_bash("python -m apps.train --config=configs/toy.py --config.steps=many"),
        "config.steps",
    ),
    "key without config": (in_bash("python -m apps.train --config.steps=3"), "without `--config"),
    "benchmark flag": (in_bash("python -m benchmarks.step --size=3"), "no flag `--size`"),
    "open to all": (in_bash("tensorboard --logdir=x --bind_all"), "must stay on loopback"),
    "unknown script": (in_bash("python benchmarks/gone.py"), "`benchmarks/gone.py` does not"),
    "unknown target": (in_bash("cd x && make dmeo"), "`make dmeo`"),
    "unknown variable": ("`make demo VENVV=x`", "`make VENVV=x`"),
    "missing page": ("[x](docs/gone.md)", "`docs/gone.md` does not exist"),
    "missing picture": ("![x](gone.png)", "`gone.png` does not exist"),
    "missing html picture": ('<img src="gone.png">', "`gone.png` does not exist"),
    "missing heading": ("# A\n[x](#b)", "`#b`: no such heading"),
    "missing heading there": ("[x](docs/other.md#b)", "`docs/other.md#b`: no such heading"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_checks_accept(name, repository):
    assert complaints_of(RIGHT[name], repository) == []


@pytest.mark.parametrize("name", WRONG)
def test_checks_complain(name, repository):
    text, expected = WRONG[name]
    (complaint,) = complaints_of("First line.\n" + text, repository)
    assert complaint.startswith("README.md:")
    assert expected in complaint


def test_complaint_names_the_line(repository):
    (complaint,) = complaints_of("One.\n\n" + in_bash("ls", "make gone"), repository)
    assert complaint.startswith("README.md:5: ")


def test_python_blocks_share_a_namespace_and_point_at_their_page(repository):
    page = Page(
        repository / "README.md", "```python\na = 1\n```\ntext\n```python\nb = a + 1\nb / 0\n```"
    )
    with pytest.raises(ZeroDivisionError) as error:
        run_python(page)
    last = error.traceback[-1]
    assert (Path(last.path).name, last.lineno + 1) == ("README.md", 7)


def test_open_fence_is_refused(repository):
    with pytest.raises(ValueError, match=r"README.md:2: .* never closed"):
        Page(repository / "README.md", "text\n```python\na = 1\n")
