import re

from apps import demo
from configs import act_8gaussians


def test_demo_prints_its_table_and_places_that_exist(tmp_path):
    config = act_8gaussians.get_config()
    config.data.n, config.model.generator.hidden = 400, (8,)
    config.train.generator_updates, config.train.updates_per_epoch = 4, 2
    config.train.steps_per_execution, config.train.jit_compile = 2, False
    config.watch.every, config.watch.num_evaluated, config.watch.num_pictured = 1, 100, 50
    text = demo.demo(config, str(tmp_path / "demo"))
    assert "ACT on eight_gaussians, 4 generator updates in " in text
    assert re.search(r"modes captured +\d of 8 +8 of 8\n", text)
    # Real points lie within 3 standard deviations with probability 1 - exp(-4.5) = 98.9 %;
    # the standard error with 400 points is 0.5 %.
    real = re.search(r"near a mode \(3 std\) +[\d.]+% +([\d.]+)%", text)
    assert abs(float(real[1]) - 98.9) < 2
    assert re.search(r"reverse KL of modes +\d+\.\d{4} +0\.0\d{3}\n", text)
    assert re.search(r"W1 to the data +\d\.\d{4} +0\.\d{4}\n", text)
    places = re.findall(r": +(\S+/demo/\S+)$", text, flags=re.MULTILINE)
    assert len(places) == 3
    for place in places:
        assert (tmp_path / place).exists()


def test_demo_takes_the_config_of_its_docstring(run_app):
    seen = []

    def fake(*given):
        seen.append(given)
        return "the table"

    code, printed, _ = run_app(demo, "--workdir=somewhere", demo=fake)
    assert code == 0 and printed == "the table\n"
    assert seen[0][0].to_dict() == act_8gaussians.get_config().to_dict()
    assert seen[0][1] == "somewhere"
