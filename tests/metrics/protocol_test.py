import dataclasses
import hashlib
import json

import pytest

from keras_ot_gans.metrics import PRESETS, ProtocolCard, Score, Scores, check_comparable
from keras_ot_gans.metrics.protocol import QUANTISE
from tests.metrics.cards import FIELDS, card


def test_hash_is_that_of_the_canonical_json():
    fields = {**FIELDS, "image_size": [32, 32], "version": 1}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    assert card().hash == hashlib.sha256(text.encode()).hexdigest()
    assert card().short == f"toy-50k-10k-uint8-ema-{card().hash[:8]}"
    assert card(n_fake=1234).short.startswith("toy-50k-1234-")


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(ProtocolCard)])
def test_every_field_counts(name):
    value = getattr(card(), name)
    other = {"quantise": "none", "generator_weights": "raw", "image_size": (32, 16)}.get(name)
    if other is None:
        other = not value if isinstance(value, bool) else value + type(value)(1)
    changed = dataclasses.replace(card(), **{name: other})
    assert changed.hash != card().hash
    # What only the generated side knows leaves the reference statistics alone.
    ours = {"n_fake", "generator_weights", "sampler", "kid_subsets", "kid_subset_size"}
    ours |= {"neighbours"}
    assert (changed.real_side_hash() == card().real_side_hash()) == (name in ours)
    with pytest.raises(ValueError, match=f"(?s)one protocol.*\n  {name} "):
        check_comparable(card(), changed)
    check_comparable(card(), changed, may_differ=(name,))


def test_serialised_and_back_through_json():
    again = ProtocolCard.from_dict(json.loads(json.dumps(card().as_dict())))
    assert again == card() and again.hash == card().hash
    values = card().as_dict()
    del values["seed"]
    with pytest.raises(ValueError, match="missing seed; unknown sed"):
        ProtocolCard.from_dict({**values, "sed": 1})


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"quantise": "int"}, ValueError, "`quantise` must be one of uint8"),
        ({"generator_weights": "best"}, ValueError, "`generator_weights` must be one of"),
        ({"n_fake": -1}, ValueError, "`n_fake` must be at least 0"),
        ({"splits": 0}, ValueError, "`splits` must be at least 1"),
        ({"n_real": 5.0}, TypeError, "`n_real` must be an integer"),
        ({"softmax_bias": 1}, TypeError, "`softmax_bias` must be True or False"),
        ({"real": None}, TypeError, "`real` must be a string"),
        ({"image_size": 32}, ValueError, "`image_size` must be"),
        ({"image_size": (32, 0)}, ValueError, "`image_size` must be"),
    ],
)
def test_wrong_fields_are_named(change, error, text):
    with pytest.raises(error, match=text):
        card(**change)


def test_difference_is_shown_side_by_side():
    with pytest.raises(ValueError) as error:
        check_comparable(card(), card(n_fake=5000, seed=3), may_differ=["seed"])
    lines = str(error.value).splitlines()
    assert [line.split() for line in lines[1:3]] == [
        ["field", "first", "second"],
        ["n_fake", "10000", "5000"],
    ]
    assert len(lines) == 4
    with pytest.raises(ValueError, match="`may_differ` must name fields.*Received: sede"):
        check_comparable(card(), card(), may_differ=("sede",))


def test_scores_compare_by_direction_and_card():
    one = Score("fid", 10.0, 9.0, 11.0, False, card())
    two = Score("fid", 9.5, 8.5, 10.5, False, card())
    assert two.better_than(one) and not one.better_than(two) and not one.better_than(one)
    assert not two.clearly_better_than(one)
    assert Score("fid", 5.0, 4.0, 6.0, False, card()).clearly_better_than(one)
    high = Score("is", 9.0, 8.9, 9.1, True, card())
    assert high.better_than(Score("is", 8.0, 7.9, 8.1, True, card()))
    assert high.clearly_better_than(Score("is", 8.0, 7.9, 8.1, True, card()))
    with pytest.raises(ValueError, match="same name. Received: 'is'"):
        one.better_than(high)
    other = dataclasses.replace(two, card=card(seed=1))
    with pytest.raises(ValueError, match="(?s)cards that differ in.*seed"):
        other.better_than(one)
    assert other.better_than(one, may_differ=("seed",))


def test_scores_are_written_as_strict_json():
    nan = float("nan")
    scores = Scores([Score("intra_fid", 3.0, nan, nan, False, card())], card(), {"fid": "few"})
    record = json.loads(json.dumps(scores.as_dict(), allow_nan=False))
    assert record["scores"]["intra_fid"] == {
        "value": 3.0, "low": None, "high": None, "std": None, "higher_is_better": False,
    }  # fmt: skip
    assert ProtocolCard.from_dict(record["card"]).hash == record["card_hash"] == card().hash
    assert "fid                     -   few" in scores.table()


def test_presets_are_those_of_the_papers():
    names = ["standard", "ot_gan", "dot", "age", "lipschitz_gan", "act", "mimicry", "studiogan",
             "miyato", "ttur"]  # fmt: skip
    assert list(PRESETS) == names
    facts = {name: PRESETS[name] for name in names}
    assert (facts["ot_gan"].scores, facts["ot_gan"].quantise) == (("is",), "none")
    assert not facts["ot_gan"].softmax_bias and not facts["mimicry"].softmax_bias
    assert facts["lipschitz_gan"].n_fake == 500_000 and not facts["lipschitz_gan"].softmax_bias
    assert (facts["miyato"].n_real, facts["miyato"].n_fake) == (10_000, 5_000)
    assert (facts["studiogan"].splits, facts["studiogan"].quantise) == (1, "uint8_floor")
    assert {"n_real", "n_fake", "splits"} <= set(facts["act"].unstated)
    assert all(preset.source and preset.quantise in QUANTISE for preset in facts.values())
    with pytest.raises(ValueError, match="`unstated` must name fields"):
        dataclasses.replace(PRESETS["act"], unstated=("colour",))
    with pytest.raises(ValueError, match="`quantise` must be one of"):
        dataclasses.replace(PRESETS["act"], quantise="int")
