"""Names of columns that say what they are."""

import pytest

from auditor.roles import ROLES, is_called, is_called_like_group


@pytest.mark.parametrize(
    "name", ["patient", "Patient", "PATIENT_ID", "patient-id", "Patient Id", "patientId", "PatientID"]
)
def test_a_word_is_known_however_it_is_written(name):
    assert is_called(name, ROLES[0][1])
    assert is_called_like_group(name)


@pytest.mark.parametrize("name", ["device_id", "deviceId", "row-id"])
def test_what_ends_in_id_may_be_shared(name):
    assert is_called_like_group(name)
    assert not is_called(name, ROLES[0][1])


@pytest.mark.parametrize("name", ["age", "valid", "paid", "covid", "id", "users", "patients seen", ""])
def test_other_names_say_nothing(name):
    assert not is_called_like_group(name)
