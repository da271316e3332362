"""Flags and config files that cannot be used are refused before anything is written."""

import pytest

from tests.apps.malformed import configs_cases
from tests.apps.malformed.harness import refused

# name: (flags, the message's argument)
FLAGS = {
    "unknown flag": (["--wrokdir=x"], "--wrokdir"),
    "a word": (["run"], "flags"),
    "no value": (["--workdir"], "flags"),
    "unknown key": (["--config.foo=1"], "--config.foo"),
    "unknown inner key": (["--config.train.batchsize=1"], "--config.train.batchsize"),
    "key of a number": (["--config.train.seed.x=1"], "--config.train.seed.x"),
    "key of nothing": (["--config.=1"], "flags"),
    "an unfinished index": (["--config.model.generator.hidden[=1"], "flags"),
    "an index beyond the end": (["--config.model.generator.hidden[9]=1"], "flags"),
    "a call for a key": (["--config.print('x')=1"], "flags"),
    "word for a number": (["--config.train.batch_size=many"], "flags"),
    "float for a count": (["--config.train.batch_size=2.5"], "flags"),
    "tuple for a count": (["--config.train.batch_size=(1,2)"], "flags"),
    "nothing for a count": (["--config.train.batch_size="], "flags"),
    "word for a rate": (["--config.optimizers.generator.learning_rate=fast"], "flags"),
    "code for a tuple": (
        ["--config.model.generator.hidden=__import__('os')"],
        "model.generator.hidden",
    ),
    "an open tuple": (["--config.model.generator.hidden=(4,"], "flags"),
    "number for a section": (["--config.train=3"], "flags"),
    "word for a section": (["--config.model=mlp"], "flags"),
    "words for widths": (["--config.model.generator.hidden=('a',)"], "model.generator.hidden"),
    "width of 0": (["--config.model.generator.hidden=(0,)"], "hidden"),
    "width below 0": (["--config.model.generator.hidden=(-4,)"], "hidden"),
    "width of a half": (["--config.model.generator.hidden=(4.5,)"], "model.generator.hidden"),
    "latents of 0": (["--config.model.latent_dim=0"], "model.latent_dim"),
    "latents below 0": (["--config.model.latent_dim=-3"], "model.latent_dim"),
    "directions of 0": (["--config.model.divergence.num_directions=0"], "num_directions"),
    "unknown model": (["--config.model.name=gan"], "model.name"),
    "unknown prior": (["--config.model.prior=cauchy"], "model.prior"),
    "unknown network": (["--config.model.generator.name=unet"], "model.generator.name"),
    "network of images": (["--config.model.generator.name=dcgan"], "model.generator"),
    "unknown divergence": (["--config.model.divergence.name=kl"], "model.divergence.name"),
    "unknown optimizer": (["--config.optimizers.generator.name=lion"], "optimizers.generator.name"),
    "average beyond 1": (["--config.model.ema_decay=1.5"], "ema_decay"),
    "average of NaN": (["--config.model.ema_decay=nan"], "model.ema_decay"),
    "slope of infinity": (
        ["--config.model.generator.negative_slope=inf"],
        "model.generator.negative_slope",
    ),
    "rate of NaN": (
        ["--config.optimizers.generator.learning_rate=nan"],
        "optimizers.generator.learning_rate",
    ),
    "rate of infinity": (
        ["--config.optimizers.generator.learning_rate=inf"],
        "optimizers.generator.learning_rate",
    ),
    "rate below 0": (
        ["--config.optimizers.generator.learning_rate=-0.1"],
        "optimizers.generator.learning_rate",
    ),
    "beta of 1": (["--config.optimizers.generator.beta_1=1"], "optimizers.generator.beta_1"),
    "beta below 0": (["--config.optimizers.generator.beta_2=-1"], "optimizers.generator.beta_2"),
    "batch of 0": (["--config.train.batch_size=0"], "train.batch_size"),
    "batch below 0": (["--config.train.batch_size=-8"], "train.batch_size"),
    "batch beyond the data": (["--config.train.batch_size=21"], "train.batch_size"),
    "batch beyond all numbers": (["--config.train.batch_size=1" + "0" * 30], "train.batch_size"),
    "no updates": (["--config.train.generator_updates=0"], "train.generator_updates"),
    "epochs not whole": (
        ["--config.train.generator_updates=5", "--config.train.updates_per_epoch=2"],
        "train.generator_updates",
    ),
    "no updates in an epoch": (["--config.train.updates_per_epoch=0"], "train.updates_per_epoch"),
    "calls that cut an epoch": (
        ["--config.train.steps_per_execution=3"],
        "train.updates_per_epoch",
    ),
    "calls of 0": (["--config.train.steps_per_execution=0"], "train.steps_per_execution"),
    "seed below 0": (["--config.train.seed=-1"], "train.seed"),
    "seed beyond 32 bits": (["--config.train.seed=4294967296"], "train.seed"),
    "no checkpoints": (["--config.train.checkpoints_to_keep=0"], "train.checkpoints_to_keep"),
    "unknown precision": (["--mixed_precision=int8"], "train.mixed_precision"),
    "unknown data": (["--config.data.name=nine_gaussians"], "data.name"),
    "nothing for data": (["--config.data.name="], "data.name"),
    "no points": (["--config.data.n=0"], "n"),
    "points below 0": (["--config.data.n=-5"], "n"),
    "data seed below 0": (["--config.data.seed=-1"], "data.seed"),
    "weights of other modes": (["--config.data.weights=(1.0,2.0)"], "weights"),
    "a path in a set's name": (["--config.data.name=tfds/../../etc"], "data"),
    "an unknown set": (["--config.data.name=tfds/no_such_set"], "data"),
    "own data without a place": (["--config.data.name=npz"], "data_dir"),
    "own data nowhere": (["--config.data.name=npz", "--data_dir=/no/where"], "path"),
    "unknown pictures": (["--config.watch.pictures=('sample',)"], "watch.pictures"),
    "unknown metrics": (["--config.watch.metrics=('fid',)"], "watch.metrics"),
    "a look at no epoch": (
        ["--config.watch.every=0", "--config.watch.pictures=('samples',)"],
        "watch.every",
    ),
    "no samples in a picture": (
        ["--config.watch.num_pictured=0", "--config.watch.pictures=('samples',)"],
        "watch.num_pictured",
    ),
    "too few to be evaluated": (
        ["--config.watch.num_evaluated=0", "--config.watch.metrics=('earth_mover',)"],
        "watch.num_evaluated",
    ),
    "unknown strategy": (["--strategy=two"], "--strategy"),
    "replicas of one": (["--replicas=2"], "--replicas"),
    "no replicas": (["--strategy=mirrored", "--replicas=0"], "--replicas"),
    "replicas of a word": (["--strategy=mirrored", "--replicas=two"], "flags"),
    "yes for a switch": (["--override=perhaps"], "flags"),
}


@pytest.mark.parametrize("name", FLAGS)
def test_flags_of_training_are_refused(run_app, points, name):
    flags, argument = FLAGS[name]
    given = [f"--config={points / 'config.py'}", f"--workdir={points / 'run'}", *flags]
    refused(run_app, "train", given, argument, points)


# name: (what the config file does at its end, the message's argument)
CHANGES = {
    "raises": ("raise RuntimeError('broken')", "--config"),
    "raises a value error": ("raise ValueError('broken')", "--config"),
    "misses a module": ("import no_such_module", "--config"),
    "uses an unknown name": ("config.x = undefined", "--config"),
    "reads an unknown key": ("config.no_such_key", "--config"),
    "returns nothing": ("return None", "--config"),
    "returns a number": ("return 3", "--config"),
    "returns a list": ("return [config]", "--config"),
    "returns an empty config": ("return ConfigDict()", "model"),
    "has no model": ("del config.model", "model"),
    "has no optimizers": ("del config.optimizers", "optimizers"),
    "has no data": ("del config.data", "data"),
    "has no train": ("del config.train", "train"),
    "has no watch": ("del config.watch", "watch"),
    "has a number for model": ("config.model = 3", "model"),
    "has a word for optimizers": ("config.optimizers = 'adam'", "optimizers"),
    "has a list for train": ("config.train = [1]", "train"),
    "has None for watch": ("config.watch = None", "watch"),
    "has a number for an optimizer": ("config.optimizers.generator = 0.1", "optimizers.generator"),
    "has no optimizer": ("config.optimizers = ConfigDict()", "optimizers"),
    "has an optimizer too many": (
        "config.optimizers.critic = config.optimizers.generator",
        "optimizers",
    ),
    "has an optimizer without a name": (
        "del config.optimizers.generator.name",
        "optimizers.generator.name",
    ),
    "has an optimizer without a rate": (
        "del config.optimizers.generator.learning_rate",
        "optimizers.generator.learning_rate",
    ),
    "has an optimizer's unknown key": (
        "config.optimizers.generator.beta = 1",
        "optimizers.generator",
    ),
    "has a rate in words": (
        "config.optimizers.generator.learning_rate = 'low'",
        "optimizers.generator.learning_rate",
    ),
    "has a rise alone": ("config.optimizers.generator.warmup_updates = 5", "optimizers.generator"),
    "has a fall of no updates": (
        "config.optimizers.generator.cosine_updates = 0",
        "optimizers.generator.cosine_updates",
    ),
    "has a model without a name": ("del config.model.name", "model.name"),
    "has a model whose name is a number": ("config.model.name = 3", "model.name"),
    "has a model whose name is a list": ("config.model.name = [1]", "model.name"),
    "has no generator": ("del config.model.generator", "model.generator"),
    "has a word for the generator": ("config.model.generator = 'mlp'", "model.generator"),
    "has a generator without a name": ("del config.model.generator.name", "model.generator.name"),
    "has a generator without widths": (
        "del config.model.generator.hidden",
        "model.generator.hidden",
    ),
    "has a number for widths": ("config.model.generator.hidden = 4", "model.generator.hidden"),
    "has an unknown key of a network": ("config.model.generator.depth = 4", "model.generator"),
    "has an unknown key of the model": ("config.model.tau = 4", "model"),
    "has latents in words": ("config.model.latent_dim = '3'", "model.latent_dim"),
    "has no latents": ("del config.model.latent_dim", "model.latent_dim"),
    "has no divergence": ("del config.model.divergence", "model.divergence"),
    "has no prior": ("del config.model.prior", "model.prior"),
    "has no data name": ("del config.data.name", "data.name"),
    "has a number for a data name": ("config.data.name = 7", "data.name"),
    "has an unknown key of the data": ("config.data.width = 7", "data"),
    "has points of a half": ("config.data.n = 20.5", "data.n"),
    "has a batch in words": ("config.train.batch_size = '8'", "train.batch_size"),
    "has a batch of a half": ("config.train.batch_size = 8.5", "train.batch_size"),
    "has a batch of truth": ("config.train.batch_size = True", "train.batch_size"),
    "has a batch of NaN": ("config.train.batch_size = float('nan')", "train.batch_size"),
    "has no batch": ("del config.train.batch_size", "train.batch_size"),
    "has no seed": ("del config.train.seed", "train.seed"),
    "has no count of checkpoints": (
        "del config.train.checkpoints_to_keep",
        "train.checkpoints_to_keep",
    ),
    "has a word for compiling": ("config.train.jit_compile = 'yes'", "train.jit_compile"),
    "has a number for precision": ("config.train.mixed_precision = 16", "train.mixed_precision"),
    "has no pictures": ("del config.watch.pictures", "watch.pictures"),
    "has a word for metrics": ("config.watch.metrics = 'earth_mover'", "watch.metrics"),
    "has a number for a metric": ("config.watch.metrics = (3,)", "watch.metrics"),
    "has scores of points": ("config.watch.scores = ('fid',)", "watch.scores"),
    "has a look in words": ("config.watch.every = 'never'", "watch.every"),
    "has a word for the watchdog": ("config.watch.watchdog = 'on'", "watch.watchdog"),
    "has an unknown key of the watchdog": (
        "config.watch.watchdog = ConfigDict({'bark': 1})",
        "watch.watchdog",
    ),
    "has an unknown rule of the watchdog": (
        "config.watch.watchdog = ConfigDict({'rules': {'bark': {}}})",
        "watch.watchdog.rules",
    ),
    "has labels of points": ("config.data.with_labels = True", "data"),
    "has a function": ("config.model.prior = print", "model.prior"),
    "has an object": ("config.extra = object()", "extra"),
    "has bytes": ("config.extra = b'x'", "extra"),
    "has a set": ("config.extra = {1}", "extra"),
    "has a number beyond JSON": ("config.extra = float('inf')", "extra"),
    "has itself inside": ("config.model.loop = config", "model"),
}
TEXTS = {
    "is empty": "",
    "is no Python": "this is (no Python",
    "has a tab too many": "def get_config():\n\tif 1:\n        return 2\n",
    "holds a zero byte": "def get_config():\0 return 1",
    "has no get_config": "config = 3\n",
    "has a number for get_config": "get_config = 3\n",
    "has a get_config that takes more": "def get_config(a, b):\n    return a\n",
    "recurses": "def get_config():\n    return get_config()\n",
    "divides by zero": "x = 1 / 0\n",
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_config_file_that_is_wrong_is_refused(run_app, points, name):
    change, argument = CHANGES[name]
    (points / "config.py").write_text(configs_cases.POINTS.format(change=change))
    given = [f"--config={points / 'config.py'}", f"--workdir={points / 'run'}"]
    refused(run_app, "train", given, argument, points)


@pytest.mark.parametrize("name", TEXTS)
def test_a_config_file_that_is_none_is_refused(run_app, points, name):
    (points / "config.py").write_text(TEXTS[name])
    given = [f"--config={points / 'config.py'}", f"--workdir={points / 'run'}"]
    refused(run_app, "train", given, "--config", points)


@pytest.mark.parametrize("place", ["gone.py", ".", "config.json", "config.py/config.py", "x" * 300])
def test_a_config_that_is_no_file_is_refused(run_app, points, place):
    (points / "config.json").write_text("{}")
    given = [f"--config={points / place}", f"--workdir={points / 'run'}"]
    refused(run_app, "train", given, "--config", points)
