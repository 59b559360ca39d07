"""What a module writes to itself is seen and put back."""

import torch
from torch import nn

from auditor.models import buffers
from auditor.models.buffers import Buffers


def module(**tensors):
    made = nn.Sequential(nn.Linear(2, 2), nn.Module())
    for name, tensor in tensors.items():
        made[1].register_buffer(name, tensor)
    return made


def test_nothing_changed_where_nothing_was_written():
    kept = Buffers(module(seen=torch.tensor([1.0, float("nan")])))
    assert kept.changed(kept.copied()) == ()


def test_a_value_written_in_place_is_seen_and_put_back():
    made = module(seen=torch.zeros(3))
    kept = Buffers(made)
    before = kept.copied()
    made[1].seen[1] = 5
    assert kept.changed(before) == ("1.seen",)
    kept.put_back(before)
    assert made[1].seen.tolist() == [0, 0, 0]


def test_another_shape_or_type_is_a_change_and_put_back():
    made = module(grown=torch.zeros(3), typed=torch.zeros(3))
    kept = Buffers(made)
    before = kept.copied()
    made[1].grown, made[1].typed = torch.zeros(4), torch.zeros(3, dtype=torch.int64)
    assert kept.changed(before) == ("1.grown", "1.typed")
    kept.put_back(before)
    assert (made[1].grown.shape, made[1].typed.dtype) == ((3,), torch.float32)


def test_a_parameter_is_no_buffer():
    made = module()
    kept = Buffers(made)
    before = kept.copied()
    with torch.no_grad():
        made[0].weight += 1
    assert kept.changed(before) == ()


def test_what_is_put_back_is_not_what_is_kept():
    made = module(seen=torch.zeros(3))
    kept = Buffers(made)
    before = kept.copied()
    made[1].seen += 1
    kept.put_back(before)
    made[1].seen += 1
    assert before["1.seen"].tolist() == [0, 0, 0]


def test_buffers_as_large_as_weights_are_left_out(monkeypatch):
    monkeypatch.setattr(buffers, "MOST_VALUES", 3)
    assert set(Buffers(module(small=torch.zeros(3), large=torch.zeros(4))).copied()) == {"1.small"}
