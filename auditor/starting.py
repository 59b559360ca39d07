"""A commented auditor.toml from what the files themselves tell; every guess is called one."""

import ast
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from auditor import wording
from auditor.config import Config
from auditor.data import Splits, open_splits
from auditor.data.arrays import ArrayFile
from auditor.data.categories import distinct_texts, toml_key, toml_text
from auditor.data.files import open_file
from auditor.data.formats import shown
from auditor.data.tables import ColumnKind, Table, missing_column
from auditor.data.times import times
from auditor.errors import InputError, UsageError
from auditor.fitting import fit_lines, role_lines
from auditor.layout import TEXT, Input
from auditor.models.detection import Format
from auditor.models.files import CONFIG, MODEL_ENDINGS, read_model_file
from auditor.models.hugging_face import folder

TARGETS = ("label", "labels", "target", "y", "class", "outcome", "truth", "response")
SPLITS = {"test": ("test",), "train": ("train",), "validation": ("validation", "valid", "val", "dev")}
HISTORIES = ("history", "trainer_state", "metrics", "training_log", "log")
NEEDS_CLASS = (Format.SAFETENSORS, Format.STATE_DICT)
TAKES_TEXT = (Input("text", TEXT, ()),)
IDENTIFIERS = ("id", "uuid", "guid", "index", "row", "key")

HEAD = "# Written by `auditor init` from what the files tell. Please check what is called a guess."
TAIL = """
# preset = "balanced"   # or screening, fraud, spam, ranking; until one or a gate is stated, the criteria are defaults
# threshold = 0.5       # name the positive class from this probability on

# [[gates]]             # a condition of your own
# metric = "{gate}"
# at_least = 0.9
"""


@dataclass(frozen=True)
class Roles:
    """Files by what they are for; `data` holds those of the splits by name."""

    model: Path | None
    data: Mapping[str, Path]
    history: Path | None


@dataclass(frozen=True)
class Column:
    """A column that was chosen and why."""

    name: str
    why: str


def roles_in(folder: Path, model: Path | None = None) -> Roles:
    """The files of a folder whose names say what they are; raises UsageError where several could be the model.

    `model` is the one that was stated, if any.
    """
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    data = {split: path for split, words in SPLITS.items() if (path := _named(entries, words)) is not None}
    history = _named([path for path in entries if path.is_file()], HISTORIES)
    saved = [path for path in entries if path.suffix in MODEL_ENDINGS or (path / CONFIG).is_file()]
    models = [model] if model else [path for path in saved if path not in data.values()]
    if len(models) > 1:
        names = ", ".join(wording.name(path.name) for path in models[:10])
        raise UsageError(f"{shown(folder)} holds several files that could be the model: name one of {names}")
    return Roles(models[0] if models else None, data, history)


def write_settings(home: Path, stated: Roles, target: str | None, *, force: bool) -> Path:
    """Write auditor.toml in a folder; files that are not stated are those of the folder with a telling name.

    Raises UsageError where there is one already, unless `force`.
    """
    path = home / "auditor.toml"
    if path.exists() and not force:
        raise UsageError(f"{shown(path)} exists; remove it, or replace it with --force")
    here = Roles(None, {}, None) if stated.data and stated.model else roles_in(home, stated.model)
    roles = Roles(stated.model or here.model, {**here.data, **stated.data}, stated.history or here.history)
    text = proposal(roles, target, home)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    return path


def proposal(roles: Roles, target: str | None, home: Path) -> str:
    """The text of an auditor.toml for these files, its paths relative to `home`.

    Raises UsageError without test data, and InputError for what cannot be read.
    """
    if "test" not in roles.data:
        raise UsageError("no test data: name it with --test FILE, or call a file of this folder test.csv")
    tables = _tables(roles)
    label = _target(tables["test"], target) if "test" in tables else Column(target or "label", "")
    time = _time(tables, label.name)
    names, texts = _told_by(roles.model, tables, {label.name, time})
    ids = () if texts else tuple(name for name in _identifiers(tables, label.name) if name != time)
    categories = {} if texts else _categories(tables, {label.name, time, *ids})
    given = {"target": label.name, "time": time, "ids": ids, "categories": categories, "features": texts}
    splits = open_splits(Config.model_validate({**roles.data, **given}), names, TAKES_TEXT if texts else ())
    lines = [HEAD, "", *_file_lines(roles, home)]
    if tables:
        lines += ["", f"target = {toml_text(label.name)}{label.why and f'  # {label.why}'}"]
    if texts:
        lines.append(f"features = {_listed(texts)}  # a guess: the column of text that the model reads, or two of them")
    if time is not None:
        lines.append(f"time = {toml_text(time)}  # a guess: when each row happened; it holds dates and is no feature")
    if ids:
        lines.append(f"ids = {_listed(ids)}  # a guess: these tell rows apart and are no features")
    lines += fit_lines(roles.model, splits.layout.names if tables else ())
    columns = tables["test"].kinds if "test" in tables else ()
    lines += [
        *_class_lines(splits),
        "",
        *role_lines([name for name in columns if name != label.name], timed=time is not None),
    ]
    lines.append(TAIL.format(gate=_gate(splits)).rstrip())
    if categories:
        lines += [
            "",
            "[categories]  # codes 0, 1, ... in this order: a guess, please give the order the model was trained on",
        ]
        lines += [f"{toml_key(name)} = {_listed(values)}" for name, values in categories.items()]
    return "\n".join(lines) + "\n"


def _told_by(
    model: Path | None, tables: Mapping[str, Table], left_out: set[str | None]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a Hugging Face folder tells: the names of classes, and the column of text where it reads one."""
    if model is None or not model.is_dir():
        return (), ()
    file = read_model_file(model)
    names = folder.stated_names(folder.settings(file).get("id2label"))
    if "test" not in tables or not folder.reads_texts(file):
        return names, ()
    kinds = tables["test"].kinds.items()
    texts = [name for name, kind in kinds if kind is ColumnKind.TEXT and name not in left_out]
    return names, tuple([name for name in texts if not _is_called_identifier(name)][:1])


def _named(entries: Sequence[Path], words: Sequence[str]) -> Path | None:
    """The first entry called by one of the words, in their order, with any ending that is no model's."""
    for word in words:
        for path in entries:
            stem = path.name.split(".")[0].lower()
            if stem == word or (stem.startswith((f"{word}_", f"{word}-")) and path.suffix not in MODEL_ENDINGS):
                return path
    return None


def _tables(roles: Roles) -> dict[str, Table]:
    opened = {split: open_file(path, Config()) for split, path in roles.data.items()}
    return {split: file for split, file in opened.items() if not isinstance(file, ArrayFile)}


def _target(table: Table, stated: str | None) -> Column:
    if stated is not None:
        if stated not in table.kinds:
            raise missing_column(table, stated, "column", "name the column of true labels with --target")
        return Column(stated, "")
    for word in TARGETS:
        for name in table.kinds:
            if name.lower() == word:
                return Column(name, "" if name == TARGETS[0] else "a guess, from its name")
    return Column(list(table.kinds)[-1], "a guess: the last column")


def _identifiers(tables: Mapping[str, Table], target: str) -> tuple[str, ...]:
    """Columns called like an identifier, and text columns with more values than categories have."""
    if "test" not in tables:
        return ()
    called = [name for name in tables["test"].kinds if name != target and _is_called_identifier(name)]
    texts = [name for name, kind in tables["test"].kinds.items() if kind is ColumnKind.TEXT and name != target]
    unlisted = [name for name in texts if name not in called and distinct_texts(tables.values(), name) is None]
    return (*called, *unlisted)


def _time(tables: Mapping[str, Table], target: str) -> str | None:
    """The first column that holds dates in every table and nothing else."""
    test = tables.get("test")
    kinds = {} if test is None else {name: kind for name, kind in test.kinds.items() if name != target}
    undated = (ColumnKind.NUMBER, ColumnKind.BOOLEAN)
    named = (name for name, kind in kinds.items() if kind not in undated)
    return next((name for name in named if all(_holds_dates(table, name) for table in tables.values())), None)


def _holds_dates(table: Table, name: str) -> bool:
    """Whether the first rows of a column that is neither numbers nor true or false are dates, as far as they are filled."""
    if table.kinds.get(name) not in (ColumnKind.TEXT, ColumnKind.OTHER):
        return False
    try:
        first = next(iter(table.read(table.parts()[0], {name: pa.string()})))
        found = times(first.column(0), name, table.where, 0)
    except InputError:
        return False
    return bool((found == found).any())  # noqa: PLR0124  (NaT)


def _is_called_identifier(name: str) -> bool:
    plain = name.lower().replace("-", "_").replace(" ", "_")
    return plain in IDENTIFIERS or plain.endswith(("_id", "_uuid", "_guid"))


def _categories(tables: Mapping[str, Table], left_out: set[str | None]) -> dict[str, tuple[str, ...]]:
    if "test" not in tables:
        return {}
    texts = [name for name, kind in tables["test"].kinds.items() if kind is ColumnKind.TEXT and name not in left_out]
    return {name: values for name in texts if (values := distinct_texts(tables.values(), name)) is not None}


def _file_lines(roles: Roles, home: Path) -> list[str]:
    lines = ['# model = "model.pt2"  # no model was found: fill in its path'] if roles.model is None else []
    if roles.model is not None:
        lines.append(f"model = {_relative(roles.model, home)}")
        if roles.model.is_file():
            lines += _model_lines(roles.model)
    lines += [f"{split} = {_relative(roles.data[split], home)}" for split in SPLITS if split in roles.data]
    if "train" not in roles.data:
        lines.append('# train = "train.csv"  # shows copied rows, overfitting and shifts')
    lines += [f"history = {_relative(roles.history, home)}"] if roles.history else []
    return lines


def _model_lines(model: Path) -> list[str]:
    """The class of weights, where a file beside them tells it; else the hash that allows what could run code."""
    file = read_model_file(model)
    if file.detected.format not in NEEDS_CLASS:
        return [f'# sha256 = "{file.sha256}"  # of the model as it is now: loads it though it could run code']
    modules = [(path.stem, module) for path in sorted(model.parent.glob("*.py")) for module in _modules(path)]
    if len(modules) != 1:
        return ['model_class = "module:Class"  # to fill in: the class whose weights these are']
    stem, module = modules[0]
    named = toml_text(f"{stem}:{module.name}")
    arguments = ", ".join(f"{name} = 0" for name in _required(module))
    filled = [f"model_args = {{ {arguments} }}  # to fill in: what it was made with"] if arguments else []
    return [f"model_class = {named}  # a guess: the class whose weights these are", *filled]


def _required(module: ast.ClassDef) -> list[str]:
    """The arguments without a default that a class is made with."""
    makers = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"]
    if not makers:
        return []
    given = makers[0].args
    positional = [*given.posonlyargs, *given.args][1 : len(given.posonlyargs) + len(given.args) - len(given.defaults)]
    keywords = [a for a, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if default is None]
    return [argument.arg for argument in (*positional, *keywords)]


def _modules(path: Path) -> list[ast.ClassDef]:
    """The classes of a Python file that are torch modules by their bases; the file is read and not run."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return []
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return [c for c in classes if any(ast.unparse(base).rpartition(".")[2] == "Module" for base in c.bases)]


def _class_lines(splits: Splits) -> list[str]:
    names = splits.class_names
    counted = splits.label_counts.get("test") or next(iter(splits.label_counts.values()), ())
    rows = ", ".join(f"{wording.name(n)} {wording.count(c)}" for n, c in zip(names[:10], counted, strict=False))
    lines = [f"# labelled rows: {rows}{', ...' if len(names) > 10 else ''}"] if counted else []
    lines.append(f"classes = {_listed(names)}  # of the outputs in their order{_origin(splits)}")
    if splits.positive is not None and len(names) == 2:
        lines.append(
            f"positive = {toml_text(names[splits.positive])}  # the class that matters: a guess, the rarer one"
        )
    return lines


def _origin(splits: Splits) -> str:
    """Where the names come from; their order is a guess where no file states it."""
    if splits.class_names_from.endswith("sorted"):
        return f": a guess, {splits.class_names_from}"
    return f"; taken from {splits.class_names_from}"


def _gate(splits: Splits) -> str:
    if splits.positive is None:
        return "balanced_accuracy"
    return toml_text(f"recall[{splits.class_names[splits.positive]}]")[1:-1]


def _listed(values: Sequence[str]) -> str:
    return f"[{', '.join(map(toml_text, values))}]"


def _relative(path: Path, home: Path) -> str:
    return toml_text(Path(os.path.relpath(path.absolute(), home.absolute())).as_posix())
