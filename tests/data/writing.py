"""The same small table, or the same arrays, in every format that is read."""

import bz2
import gzip
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet
import torch
from safetensors.numpy import save_file

Write = Callable[[pa.Table, Path], Path]


def json_lines(table: pa.Table) -> str:
    rows = table.to_pylist()
    return "".join(json.dumps(row) + "\n" for row in rows)


def write_csv(table: pa.Table, path: Path) -> Path:
    pyarrow.csv.write_csv(table, path)
    return path


def write_json_lines(table: pa.Table, path: Path) -> Path:
    path.write_text(json_lines(table))
    return path


def write_parquet(table: pa.Table, path: Path) -> Path:
    pyarrow.parquet.write_table(table, path, row_group_size=3)
    return path


def write_arrow(table: pa.Table, path: Path) -> Path:
    with pa.OSFile(str(path), "wb") as file, pyarrow.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=3)
    return path


def write_stream(table: pa.Table, path: Path) -> Path:
    with pa.OSFile(str(path), "wb") as file, pyarrow.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=3)
    return path


def write_feather(table: pa.Table, path: Path) -> Path:
    pyarrow.feather.write_feather(table, str(path), compression="lz4")
    return path


def packed(write: Write, pack: Callable[[bytes], bytes]) -> Write:
    def write_packed(table: pa.Table, path: Path) -> Path:
        path.write_bytes(pack(write(table, path).read_bytes()))
        return path

    return write_packed


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return bytes(sink.getvalue())


def in_folder(write: Write) -> Write:
    """Three files of a third each, and what Spark leaves beside them."""

    def write_folder(table: pa.Table, path: Path) -> Path:
        path.mkdir()
        third = -(-len(table) // 3)
        for i in range(3):
            write(table.slice(i * third, third), path / f"part-{i}")
        (path / "_SUCCESS").touch()
        (path / ".part-0.crc").write_bytes(b"crc")
        return path

    return write_folder


def write_hugging_face(table: pa.Table, path: Path, features: Mapping[str, Any] | None = None) -> Path:
    path.mkdir()
    names = [f"data-{i:05d}-of-00002.arrow" for i in range(2)]
    half = -(-len(table) // 2)
    for i, name in enumerate(names):
        write_stream(table.slice(i * half, half), path / name)
    (path / "state.json").write_text(json.dumps({"_data_files": [{"filename": name} for name in names]}))
    (path / "dataset_info.json").write_text(json.dumps({"features": features or {}}))
    return path


TABLES: Mapping[str, Write] = {
    "csv": write_csv,
    "csv, gzip": packed(write_csv, gzip.compress),
    "csv, bzip2": packed(write_csv, bz2.compress),
    "csv, zstd": packed(write_csv, zstd),
    "json lines": write_json_lines,
    "json lines, gzip": packed(write_json_lines, gzip.compress),
    "parquet": write_parquet,
    "arrow": write_arrow,
    "arrow stream": write_stream,
    "feather": write_feather,
    "folder of csv": in_folder(write_csv),
    "folder of json lines": in_folder(write_json_lines),
    "folder of parquet": in_folder(write_parquet),
    "folder of arrow": in_folder(write_arrow),
    "hugging face": write_hugging_face,
}


def write_npz(path: Path, **arrays: Any) -> Path:
    with path.open("wb") as file:
        np.savez(file, **arrays)
    return path


def write_npy_folder(path: Path, **arrays: Any) -> Path:
    path.mkdir()
    for name, array in arrays.items():
        np.save(path / f"{name}.npy", array)
    return path


def write_safetensors(path: Path, **arrays: Any) -> Path:
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)
    return path


def write_torch(path: Path, **arrays: Any) -> Path:
    torch.save({name: torch.tensor(np.asarray(array)) for name, array in arrays.items()}, path)
    return path


def write_legacy_torch(path: Path, **arrays: Any) -> Path:
    tensors = {name: torch.tensor(np.asarray(array)) for name, array in arrays.items()}
    torch.save(tensors, path, _use_new_zipfile_serialization=False)
    return path


ARRAYS: Mapping[str, Callable[..., Path]] = {
    "npz": write_npz,
    "npy": write_npy_folder,
    "safetensors": write_safetensors,
    "torch": write_torch,
    "torch, legacy": write_legacy_torch,
}
