"""Scalars of TensorBoard event files, read without TensorBoard."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import InputError
from auditor.histories import Wanted, read_history
from auditor.histories.tensorboard import is_event_file, masked_crc
from auditor.histories.wire import WireError, fields
from tests.histories.events import REAL_HEADER, event, event_file, losses, packed, part, plain, tensor, varint


def test_the_checksum_is_that_of_real_files() -> None:
    rotated = ((0xE3069283 >> 15) | (0xE3069283 << 17)) & 0xFFFFFFFF  # CRC-32C of these digits, RFC 3720
    assert masked_crc(b"123456789") == (rotated + 0xA282EAD8) & 0xFFFFFFFF
    assert struct.pack("<QI", 24, masked_crc(REAL_HEADER[:8])) == REAL_HEADER
    assert is_event_file(REAL_HEADER)
    assert not is_event_file(b"epoch,train_loss\n1,2")


def test_losses_by_step_and_other_scalars(tmp_path: Path) -> None:
    records = [*losses([3, 2, 1], "Loss/train"), *losses([4, 3, 3.5], "Loss/val"), *losses([0.1, 0.1, 0.01], "lr")]
    found = read_history(event_file(tmp_path / "events.out.tfevents.1", records))
    assert (found.format, found.unit, found.epochs) == ("TensorBoard event files", "step", (0, 1, 2))
    assert (found.columns["train_loss"], found.columns["val_loss"]) == ((3, 2, 1), (4, 3, 3.5))
    assert found.columns["lr"] == pytest.approx((0.1, 0.1, 0.01))


def test_a_recorded_epoch_puts_steps_together(tmp_path: Path) -> None:
    steps = [(9, 0, 3.0), (19, 0, 1.0), (29, 1, 0.5)]
    records = [
        event(step, tag, plain(value)) for step, e, v in steps for tag, value in (("epoch", e), ("train_loss", v))
    ]
    found = read_history(event_file(tmp_path / "events", records))
    assert (found.unit, found.epochs, found.columns["train_loss"]) == ("epoch", (0, 1), (2.0, 0.5))


def test_scalars_that_are_tensors_and_none_that_are_not(tmp_path: Path) -> None:
    weights = event(0, "val_loss", tensor(9.0, dims=part(2, varint(1 << 3) + varint(3))))
    records = [event(0, "loss", tensor(2.0)), event(1, "loss", packed(1.0)), weights]
    found = read_history(event_file(tmp_path / "events", records))
    assert found.columns == {"train_loss": (2.0, 1.0)}
    assert found.notes[0] == 'training loss from column "loss"'


def test_train_and_validation_in_folders_of_one_run(tmp_path: Path) -> None:
    event_file(tmp_path / "run" / "train" / "events.out.tfevents.1", losses([2, 1], "epoch_loss"))
    event_file(tmp_path / "run" / "validation" / "events.out.tfevents.1", losses([3, 2], "epoch_loss"))
    found = read_history(tmp_path)
    assert found.columns == {"train_loss": (2, 1), "val_loss": (3, 2)}
    assert found.sources == {"train_loss": "train/epoch_loss", "val_loss": "validation/epoch_loss"}


def test_of_several_runs_one_is_chosen(tmp_path: Path) -> None:
    for run in (0, 1):
        event_file(tmp_path / f"version_{run}" / "events.out.tfevents.1", losses([2, run], "train_loss"))
    with pytest.raises(InputError, match=r'2 runs; choose one with `history_run`.*"version_0", "version_1"'):
        read_history(tmp_path)
    assert read_history(tmp_path, Wanted(run="version_1")).columns == {"train_loss": (2, 1)}
    with pytest.raises(InputError, match='no single run "version_2"'):
        read_history(tmp_path, Wanted(run="version_2"))


def test_a_file_cut_anywhere_gives_what_is_whole_or_one_clear_error(tmp_path: Path) -> None:
    whole = event_file(tmp_path / "events.out.tfevents.1", losses([3, 2, 1], "train_loss")).read_bytes()
    first = sorted(_ends(whole))[1]
    for cut in range(12, len(whole)):
        (tmp_path / "events.out.tfevents.1").write_bytes(whole[:cut])
        if cut < first:
            with pytest.raises(InputError, match="holds no scalars"):
                read_history(tmp_path)
            continue
        found = read_history(tmp_path)
        assert found.columns["train_loss"] == (3, 2, 1)[: len(found.epochs)]
        assert len(found.epochs) == 3 or "cut short" in found.notes[0] or cut in _ends(whole)


def _ends(whole: bytes) -> set[int]:
    """Where records end: a file cut there is whole."""
    ends, at = set(), 0
    while at < len(whole):
        at += 16 + struct.unpack_from("<Q", whole, at)[0]
        ends.add(at)
    return ends


def test_a_damaged_record_is_left_out_and_told(tmp_path: Path) -> None:
    path = event_file(tmp_path / "events", losses([3, 2, 1], "train_loss"))
    content = bytearray(path.read_bytes())
    content[-6] ^= 1
    path.write_bytes(content)
    found = read_history(path)
    assert (found.columns["train_loss"], found.notes[0]) == ((3, 2), "1 damaged record left out")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_none(content: bytes) -> None:
    try:
        found = fields(content)
    except WireError:
        return
    assert all(isinstance(value, bytes) for values in found.chunks.values() for value in values)
