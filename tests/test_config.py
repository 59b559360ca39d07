"""auditor.toml and options: one frozen Config, and errors that name file, key and what was expected."""

from pathlib import Path
from typing import get_args

import pytest

from auditor import cli, policy, rendering
from auditor.config import FORMATS, Config, load_config, parse_gate
from auditor.errors import InputError, UsageError


def write(folder: Path, text: str) -> Path:
    path = folder / "auditor.toml"
    path.write_text(text)
    return path


def test_names_of_files_are_those_beside_the_toml(tmp_path):
    path = write(tmp_path, 'model = "m.pt2"\ntest = "data/test.csv"\n')
    config = load_config({}, path, Path("/elsewhere"))
    assert (config.model, config.test) == (tmp_path / "m.pt2", tmp_path / "data/test.csv")
    assert config.origin == path.resolve()


def test_options_win_over_the_file_and_are_relative_to_the_working_folder(tmp_path):
    path = write(tmp_path, 'model = "m.pt2"\ntest = "test.csv"\ntarget = "a"\n')
    config = load_config(
        {"test": Path("mine.csv"), "target": "b", "positive": None, "quiet": False}, path, Path("/work-here")
    )
    assert (config.test, config.target, config.positive) == (Path("/work-here/mine.csv"), "b", None)


def test_a_toml_in_the_working_folder_is_found_by_itself(tmp_path):
    write(tmp_path, 'model = "m.pt2"\ntest = "test.csv"\n')
    assert load_config({}, None, tmp_path).model == tmp_path / "m.pt2"


@pytest.mark.parametrize(
    "line", ['sha256 = "ab"', "trust_model_code = true", 'checks = ["mine"]', 'model_class = "net:Net"']
)
def test_a_toml_found_by_itself_grants_no_trust(tmp_path, line):
    path = write(tmp_path, f'model = "m.pt2"\ntest = "test.csv"\n{line}\n')
    with pytest.raises(UsageError, match="lets code run, which a file found by itself may not; run with --config"):
        load_config({}, None, tmp_path)
    assert load_config({}, path, tmp_path).model is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("modle = 1", 'auditor.toml: `modle` is not a setting (did you mean "model"?); the settings are'),
        ("zzz = 1", "auditor.toml: `zzz` is not a setting; the settings are"),
        ("[image]\nmeen = [1]", '`image.meen` is not a setting (did you mean "mean"?); the settings are '),
        (
            "[[gates]]\nmetrics = 'recall'\nat_least = 0.5",
            '`gates.0.metrics` is not a setting (did you mean "metric"?)',
        ),
        ('predicted = "p"', "--predicted names the decisions in a table of --predictions; a model is given"),
        ('weight = "w"\nfeatures = ["a", "w"]', "--weight w: the column is among `features` too; take it out of one"),
        ("target = 3", "auditor.toml: `target`: Input should be a valid string, found 3"),
        ('preset = "strict"', "auditor.toml: `preset`: Input should be 'balanced', 'screening'"),
        ("[[gates]]\nmetric = 'recall'\n", "give exactly one of at_least and at_most"),
        ("[[gates]]\nmetric = 'recall'\nat_least = 0.5\nat_most = 0.7", "give exactly one of at_least and at_most"),
        ("threshold = 1.5", "auditor.toml: `threshold`: Input should be less than 1, found 1.5"),
        ("origin = 'x'", "unknown key `origin`"),
        ("test = ", "not valid TOML"),
    ],
)
def test_a_wrong_key_is_named_with_what_was_expected(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises((UsageError, InputError)) as caught:
        load_config({"model": "m.pt2", "test": "t.csv"} if "test" not in text else {}, path, tmp_path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_option_is_named_as_an_option(tmp_path):
    with pytest.raises(UsageError, match="--device: String should match"):
        load_config({"model": Path("m"), "test": Path("t"), "device": "tpu"}, None, tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "no model: give MODEL, or --predictions FILE"),
        ({"model": Path("m")}, "no test data: give --test FILE"),
        ({"model": Path("m"), "predictions": Path("p")}, "either a MODEL or --predictions, not both"),
    ],
)
def test_a_run_needs_a_model_or_predictions_and_test_data(tmp_path, options, message):
    with pytest.raises(UsageError, match=message):
        load_config(options, None, tmp_path)


def test_predictions_are_the_test_data(tmp_path):
    assert load_config({"predictions": Path("p.csv")}, None, tmp_path).test == tmp_path / "p.csv"


def test_gates_are_read_as_they_are_written():
    assert parse_gate("recall[fraud]>=0.9").model_dump() == {
        "metric": "recall[fraud]",
        "at_least": 0.9,
        "at_most": None,
    }
    assert parse_gate("log_loss <= .3").model_dump() == {"metric": "log_loss", "at_least": None, "at_most": 0.3}
    for text in ("recall", ">=0.5", "recall>0.5", "recall>=high", "recall>=nan"):
        with pytest.raises(UsageError, match=r"expected METRIC>=NUMBER"):
            parse_gate(text)


def test_criteria_count_as_stated_only_when_some_are():
    files = {"model": Path("m"), "test": Path("t")}
    assert not Config(**files).criteria_stated
    assert Config(**files, preset="fraud").criteria_stated


def test_the_command_line_the_settings_and_the_policy_know_the_same_presets_and_formats():
    assert set(cli.PRESETS) == set(policy.PRESETS)
    assert set(cli.PRESETS) == set(get_args(get_args(Config.model_fields["preset"].annotation)[0]))
    assert set(cli.FORMATS) == set(FORMATS) == set(rendering.FILES)
