"""What is said of a training before it begins."""

import pytest

from apps import builders, schedule, sources
from configs import lipschitz_mnist
from tests.apps.labelled_digits import digits, small


def said(config):
    with digits():
        source = sources.build_source(config)
    model = builders.build_model(config, source.sample_shape)
    return schedule.describe(config, model, source, schedule.plan(config, model))


@pytest.fixture
def config():
    config = small(lipschitz_mnist.get_config("gan"))
    config.data.with_labels = False
    return config


def test_a_rate_that_is_zero_before_the_end_is_said(config):
    config.model.critic_steps, config.train.steps_per_execution = 3, 1
    config.optimizers.generator.cosine_updates = 8  # of 8
    config.optimizers.critic.cosine_updates = 24  # of 3 times as many
    assert "rate is 0" not in said(config)
    config.train.generator_updates = 12
    lines = said(config).splitlines()
    (generator, critic) = (line for line in lines if "rate is 0" in line)
    assert "from update 8 of 12 on" in generator
    assert "raise --config.optimizers.generator.cosine_updates too" in generator
    assert "from update 24 of 36 on" in critic and "optimizers.critic.cosine_updates" in critic
    assert lines.index(critic) == 1 + next(i for i, x in enumerate(lines) if "  critic " in x)
    with config.unlocked():
        del config.optimizers.critic["cosine_updates"]
        config.optimizers.critic.linear_updates = 30
    assert "optimizers.critic.linear_updates" in said(config)
