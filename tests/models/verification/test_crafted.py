"""Every known way of a .pt2 to act when it is loaded or run is refused, and each is shown to be live where it is trusted."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from auditor.errors import InputError, ModelRefused
from auditor.models import open_model
from tests.models.saving import config
from tests.models.verification.crafting import CRAFTED, any_function, network, node_name

# PyTorch 2.13 refuses the one and cleans the other; our rules do not count on it.
STOPPED_BY_PYTORCH = (any_function, node_name)


@pytest.mark.parametrize("craft", CRAFTED, ids=lambda craft: craft.__name__)
def test_it_is_refused_by_its_rule_and_does_not_act(craft, tmp_path: Path, marker: Path) -> None:
    path = craft(network(tmp_path / "model.pt2"), marker)
    with pytest.raises(ModelRefused) as caught:
        open_model(config(path))
    assert f"rule {CRAFTED[craft]}" in str(caught.value)
    assert caught.value.exit_code == 5
    assert "\n" not in str(caught.value)
    assert not marker.exists()


@pytest.mark.parametrize(
    "craft", [craft for craft in CRAFTED if craft not in STOPPED_BY_PYTORCH], ids=lambda craft: craft.__name__
)
def test_it_would_act(craft, tmp_path: Path, marker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    path = craft(network(tmp_path / "model.pt2"), marker)
    with suppress(InputError):
        open_model(config(path, trust_model_code=True)).forward(np.ones((3, 4), np.float32))
    assert marker.exists()
