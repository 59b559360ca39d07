"""The built-in checks by their ids."""

import pytest

from auditor.checking import Check, built_in


@pytest.fixture(scope="session")
def checks() -> dict[str, Check]:
    return {check.id: check for check in built_in()}
