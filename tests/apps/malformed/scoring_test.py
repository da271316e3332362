"""Statistics, arrays and flags that cannot be scored with."""

import json

import numpy as np
import pytest

from keras_ot_gans.metrics.reference_statistics import _digest
from tests.apps.malformed import data_cases
from tests.apps.malformed.data_cases import GREY, PIXELS, Bomb, raw_npz
from tests.apps.malformed.harness import filled, refused
from tests.apps.malformed.spoilers import cut, put

BOTH = ("--npz=@/fake.npz", "--real_npz=@/fake.npz")


def _statistics(change, vouch=True):
    """Change a file of statistics, and vouch for it by its checksum, as an attacker would."""

    def spoil(path):
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files if name != "sha256"}
        arrays = change(arrays) or arrays
        digest = np.asarray(_digest(arrays) if vouch else "0" * 64)
        np.savez(path, sha256=digest, **arrays)

    return spoil


def _put(name, value):
    return _statistics(lambda arrays: {**arrays, name: np.asarray(value)})


def _side(change):
    def apply(arrays):
        side = json.loads(str(arrays["real_side"]))
        change(side)
        arrays["real_side"] = np.asarray(json.dumps(side))

    return _statistics(apply)


def _without(name):
    return _statistics(lambda arrays: {k: v for k, v in arrays.items() if k != name})


# name: (what is done to the file, the message's argument)
STATISTICS = {
    "not there": (lambda path: path.unlink(), "statistics"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "statistics"),
    "no bytes": (put(b""), "statistics"),
    "a text": (put(b"mean"), "statistics"),
    "half": (cut, "statistics"),
    "one array": (put(data_cases.npy(np.zeros(3))), "statistics"),
    "objects": (put(raw_npz({"mean": np.array([Bomb()], object)})), "statistics"),
    "a pickle": (put(b"\x80\x04cos\nsystem\n(S'touch ran'\ntR."), "statistics"),
    "another checksum": (_statistics(lambda arrays: None, vouch=False), "statistics"),
    "no mean": (_without("mean"), "statistics"),
    "no protocol": (_without("real_side"), "statistics"),
    "one array more": (_put("more", 3), "statistics"),
    "a mean of another width": (_put("mean", np.zeros(4)), "statistics"),
    "a mean in one number": (_put("mean", 3.0), "statistics"),
    "a mean of NaN": (_put("mean", np.full(3, np.nan)), "statistics"),
    "a mean of words": (_put("mean", ["a", "b", "c"]), "statistics"),
    "a root of another shape": (_put("root", np.eye(4)), "statistics"),
    "a covariance of infinity": (_put("covariance", np.full((3, 3), np.inf)), "statistics"),
    "features of another width": (_put("features", np.zeros((5, 4), "f4")), "statistics"),
    "a count of a half": (_put("count", 2.5), "statistics"),
    "a count of 0": (_put("count", 0), "statistics"),
    "a count of a list": (_put("count", [1, 2]), "statistics"),
    "a score in words": (_put("inception_score", "high"), "statistics"),
    "classes without their means": (_put("class_labels", [0, 1]), "statistics"),
    "a protocol of text": (_put("real_side", "no protocol"), "statistics"),
    "a protocol of a list": (_put("real_side", "[1, 2]"), "statistics"),
    "a protocol of a number": (_put("real_side", 3), "statistics"),
    "a deep protocol": (_put("real_side", "[" * 100_000), "statistics"),
    "an empty protocol": (_side(lambda side: side.clear()), "statistics"),
    "a protocol without a key": (_side(lambda side: side.pop("n_real")), "statistics"),
    "a protocol with a key more": (_side(lambda side: side.update(os="x")), "statistics"),
    "a protocol of a key in words": (_side(lambda side: side.update(n_real="20")), "statistics"),
    "a protocol of a size of 0": (_side(lambda side: side.update(image_size=[0, 8])), "statistics"),
    "another network": (_side(lambda side: side.update(feature_network="x")), "real"),
    "other weights": (_side(lambda side: side.update(weights_hash="00")), "real"),
    "another covariance": (_side(lambda side: side.update(covariance_ddof=0)), "real"),
    "another quantisation": (_side(lambda side: side.update(quantise="none")), "real"),
}


def scoring(root):
    return [
        f"--npz={root / 'fake.npz'}",
        f"--network={root / 'network.keras'}",
        "--metrics=fid",
        f"--out={root / 'scores.json'}",
    ]


@pytest.mark.parametrize("name", STATISTICS)
def test_statistics_that_are_spoilt_are_refused(run_app, finished_images, name, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(finished_images / "keras"))
    spoil, argument = STATISTICS[name]
    path = finished_images / "statistics.npz"
    spoil(path)
    given = [*scoring(finished_images), f"--statistics={path}"]
    refused(run_app, "evaluate", given, argument, finished_images)


# name: (bytes of the file)
ARRAYS = {
    "no bytes": b"",
    "a text": b"images",
    "half": data_cases.WHOLE[:500],
    "objects": raw_npz({"samples": np.array([Bomb()], object)}),
    "no arrays": raw_npz({}),
    "two arrays": raw_npz({"a": GREY, "b": GREY}),
    "three axes": raw_npz({"samples": GREY[..., 0]}),
    "no images": raw_npz({"samples": np.zeros((0, 8, 8, 1), "u1")}),
    "one image": raw_npz({"samples": np.zeros((1, 8, 8, 1), "u1")}),
    "other sizes": raw_npz({"samples": GREY}),
    "other channels": raw_npz({"samples": PIXELS[:, :8, :8]}),
    "two channels": raw_npz({"samples": PIXELS[:, :8, :8, :2]}),
    "NaN": raw_npz({"samples": np.full((16, 8, 8, 1), np.nan, "f4")}),
    "of [0, 255] in floats": raw_npz({"samples": GREY[:, :8, :8].astype("f4")}),
    "long integers": raw_npz({"samples": GREY[:, :8, :8].astype("i8")}),
    "words": raw_npz({"samples": np.full((16, 8, 8, 1), "a")}),
    "complex numbers": raw_npz({"samples": GREY[:, :8, :8].astype("c8")}),
    "truth": raw_npz({"samples": GREY[:, :8, :8] > 9}),
}


@pytest.mark.parametrize("flag", ["npz", "real_npz"])
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_that_cannot_be_scored_are_refused(
    run_app, finished_images, name, flag, monkeypatch
):
    monkeypatch.setenv("KERAS_HOME", str(finished_images / "keras"))
    (finished_images / "keras/keras_ot_gans/statistics").mkdir(parents=True)
    path = finished_images / "spoilt.npz"
    path.write_bytes(ARRAYS[name])
    if flag == "npz":
        given = [*scoring(finished_images), f"--statistics={finished_images / 'statistics.npz'}"]
    else:
        given = scoring(finished_images)
    refused(run_app, "evaluate", [*given, f"--{flag}={path}"], "", finished_images)


SCORING = {
    "nothing to score": (["--real_npz=@/fake.npz"], "workdir"),
    "nothing to compare with": (["--npz=@/fake.npz"], "data"),
    "both files and a run": (
        ["--npz=@/fake.npz", "--workdir=@/run", "--real_npz=@/fake.npz"],
        "workdir",
    ),
    "unknown metrics": ([*BOTH, "--metrics=ssim"], "metrics"),
    "no metric's name": (
        [*BOTH, "--metrics=fid,,kid"],
        "metrics",
    ),
    "an unknown preset": ([*BOTH, "--preset=x"], "preset"),
    "an unknown network": (
        [*BOTH, "--network=vgg"],
        "network",
    ),
    "a network that is none": (
        [*BOTH, "--network=@/x.keras"],
        "network",
    ),
    "a run for a network": (
        [*BOTH, "--network=@/run/generator.keras"],
        "",
    ),
    "half a network": (
        [*BOTH, "--network=@/half.keras"],
        "network",
    ),
    "weights that are none": (
        [
            *BOTH,
            "--network=inception_graph",
            "--weights=@/mine.npz",
        ],
        "",
    ),
    "one image of each": ([*BOTH, "--num=1"], "num"),
    "more images than there are": (
        ["--npz=@/fake.npz", "--statistics=@/statistics.npz", "--num=99"],
        "",
    ),
    "more images than numbers": (
        ["--generator=@/model.keras", "--real_npz=@/fake.npz", "--num=1" + "0" * 40],
        "num",
    ),
    "a seed beyond 32 bits": (
        [*BOTH, "--seed=1" + "0" * 40],
        "num",
    ),
    "a set of another collection": (["--npz=@/fake.npz", "--data=tfds/someone:set"], "name"),
    "a seed below 0": ([*BOTH, "--seed=-1"], "num"),
    "another suffix": ([*BOTH, "--out=@/x.txt"], "out"),
    "a missing folder": ([*BOTH, "--out=@/no/x.json"], "out"),
    "a folder for a file": ([*BOTH, "--out=@/f.json"], "out"),
    "a file for a cache": (
        [*BOTH, "--cache_dir=@/fake.npz"],
        "cache_dir",
    ),
    "an unknown prior": (
        ["--generator=@/model.keras", "--real_npz=@/fake.npz", "--prior=x"],
        "prior",
    ),
    "a conditional generator": (
        ["--generator=@/model.keras", "--real_npz=@/fake.npz"],
        "generator",
    ),
    "a sampler of files": (
        [*BOTH, "--sampler=dot"],
        "sampler",
    ),
    "an unknown set": (["--npz=@/fake.npz", "--data=no_such_set"], ""),
    "a set that leaves the folder": (["--npz=@/fake.npz", "--data=tfds/../x"], ""),
    "no data of the run": (["--workdir=@/run", "--num=4"], "data_dir"),
    "an unknown strategy": (
        [*BOTH, "--strategy=x"],
        "strategy",
    ),
    "broken pictures": (["--images=@/broken", "--real_npz=@/fake.npz"], "images"),
    "no pictures": (["--images=@/f.json", "--real_npz=@/fake.npz"], "--images"),
    "broken real pictures": (["--npz=@/fake.npz", "--real_folder=@/broken"], "images"),
    "pictures of a bomb": (["--images=@/bomb", "--real_npz=@/fake.npz"], "images"),
    "pictures of floats": (["--images=@/floats", "--real_npz=@/fake.npz"], "images"),
    "malformed pictures": (["--images=@/malformed", "--real_npz=@/fake.npz"], "images"),
    "malformed real pictures": (["--npz=@/fake.npz", "--real_folder=@/malformed"], "images"),
}


@pytest.mark.parametrize("name", SCORING)
def test_flags_of_scoring_are_refused(run_app, finished_images, name, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(finished_images / "keras"))
    (finished_images / "keras/keras_ot_gans/statistics").mkdir(parents=True)
    (finished_images / "f.json").mkdir()
    for folder, content in (
        ("broken", b"no picture"),
        ("bomb", data_cases.BROKEN["a billion pixels"][1]),
        ("floats", data_cases.BROKEN["a tiff of floats"][1]),
        ("malformed", data_cases.BROKEN["a tiff whose pixels begin at a word"][1]),
    ):
        (finished_images / folder).mkdir()
        (finished_images / folder / "x.png").write_bytes(content)
    network = (finished_images / "network.keras").read_bytes()
    (finished_images / "half.keras").write_bytes(network[: len(network) // 2])
    flags, argument = SCORING[name]
    given = [*scoring(finished_images)[1:], *filled(flags, finished_images)]
    refused(run_app, "evaluate", given, argument, finished_images)
