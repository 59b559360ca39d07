"""From a configuration to splits: open each file, agree on features and classes, find the positive class."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from auditor import wording
from auditor.config import Config
from auditor.data.agreed import Agreed, Files
from auditor.data.arrays import ArrayFile, Arrays, ArrayShard
from auditor.data.classes import (
    described_classes,
    found_classes,
    needs_counts,
    no_labels,
    positive_class,
    stated_classes,
)
from auditor.data.features import FeatureShard, feature_columns
from auditor.data.files import look, open_file
from auditor.data.folders import content_hash
from auditor.data.formats import shown
from auditor.data.groups import require_design, row_design
from auditor.data.images import ImageShard, feature_shape, image_column, image_size, preparation, with_image
from auditor.data.inputs import input_columns, table_parts, with_inputs
from auditor.data.label_arrays import LabelArrayShard, any_label
from auditor.data.label_names import refuse_label_settings, require_targets, with_labels
from auditor.data.label_predictions import label_shards
from auditor.data.labels import (
    ClassIndex,
    Encoded,
    LabelCount,
    any_labelled,
    count_labels,
    found_text,
    table_labels,
)
from auditor.data.loaders import LoadedData, Loader, LoaderShard, any_label_given, labelled, open_loader, same_form
from auditor.data.predictions import PredictionTables, open_predictions
from auditor.data.remote import local
from auditor.data.split import Shard, Split, Splits
from auditor.data.tables import Table
from auditor.data.texts import text_files
from auditor.data.truth import LabelColumns, truth_of
from auditor.errors import InputError, UsageError
from auditor.layout import Input, Layout, take_text
from auditor.settings import ImageSettings

NO_LOADERS: Mapping[str, Loader] = {}


def open_splits(
    config: Config,
    model_class_names: tuple[str, ...] = (),
    model_inputs: tuple[Input, ...] = (),
    loaders: Mapping[str, Loader] = NO_LOADERS,
    model_image: ImageSettings | str | None = None,
) -> Splits:
    """The test file (or the table of predictions) and those of train and validation, or loaders, as streams of batches.

    `model_image` is how the model's own files say that images are prepared, or why they cannot be.
    Raises InputError for what a file does not hold and UsageError for a configuration that contradicts itself.
    """
    refuse_label_settings(config)
    if loaders:
        files, labels_from = _loaded(loaders, config), "labels, as stated"
    else:
        config, files, labels_from = _opened(config, model_inputs, model_image)
    agreed = _agree_on_labels(files, config, labels_from) if config.labels else _agree(files, config, model_class_names)
    splits = {name: _split(name, files, agreed) for name in files.opened}
    return Splits(
        splits["test"],
        splits.get("train"),
        splits.get("validation"),
        agreed.names,
        agreed.names_from,
        agreed.positive,
        agreed.positive_from,
        agreed.counts,
        Layout(files.feature_names, files.parts),
        config.labels != (),
    )


def _opened(config: Config, inputs: tuple[Input, ...], image: ImageSettings | str | None) -> tuple[Config, Files, str]:
    """The configuration with what the files tell, the files, and where the names of labels come from."""
    paths = _paths(config)
    config = _with_inputs(config, inputs, paths["test"])
    opened = {name: open_file(local(path), config) for name, path in paths.items()}
    tables = [file for file in opened.values() if not isinstance(file, ArrayFile)]
    config, labels_from = with_labels(with_image(config, image) if tables else config, tables)
    files = text_files(opened, config) if take_text(inputs) else _files(opened, config)
    return config, files, labels_from


def _loaded(loaders: Mapping[str, Loader], config: Config) -> Files:
    named = [
        name for name in ("train", "validation", "test") if name not in loaders and getattr(config, name) is not None
    ]
    if named:
        given = ", ".join(loaders)
        raise UsageError(f"{named[0]} is a file and {given} a loader; give all splits as files or all as loaders")
    for name, setting in _columns_of_files(config):
        raise UsageError(
            f"--{setting} {name}: it names a column of files; a loader gives features and labels: write its rows to a file"
        )
    if config.inputs:
        raise UsageError(
            "[inputs] says what files give to a model; a loader gives its inputs by the keys of its batches"
        )
    data = {name: open_loader(name, loader, config) for name, loader in loaders.items()}
    same_form(data)

    def shards(split: str, agreed: Agreed) -> tuple[Shard, ...]:
        return (LoaderShard(data[split], labelled(config, agreed.names)),)

    test = data["test"]
    return Files(data, (), test.feature_shape, lambda split: data[split].labels(), shards, parts=test.parts)


def _columns_of_files(config: Config) -> Iterator[tuple[str, str]]:
    """What only a file can hold, as it is named and the option that names it."""
    settings = {"group": config.group, "weight": config.weight, "time": config.time}
    yield from ((wording.name(name), setting) for setting, name in settings.items() if name is not None)
    yield from ((wording.name(name), "id") for name in config.ids)


def _with_inputs(config: Config, inputs: tuple[Input, ...], path: Path) -> Config:
    if config.predictions or (len(inputs) < 2 and not config.inputs):
        return config
    found = look(local(path), config.target)
    if isinstance(found, Arrays):
        return with_inputs(config, inputs, path, found.keys, "array")
    if image_column(found, config):
        raise UsageError("images are one input, and the model or [inputs] in auditor.toml names several")
    return with_inputs(config, inputs, path, found.kinds, "column")


def _paths(config: Config) -> dict[str, Path]:
    test = config.predictions or config.test
    if test is None:
        raise UsageError("no data to judge on was named; give --test FILE, or --predictions FILE")
    paths = {"test": test, "train": config.train, "validation": config.validation}
    return {name: path for name, path in paths.items() if path is not None}


def _files(opened: Mapping[str, Table | ArrayFile], config: Config) -> Files:
    tables = {name: file for name, file in opened.items() if not isinstance(file, ArrayFile)}
    arrays = {name: file for name, file in opened.items() if isinstance(file, ArrayFile)}
    if arrays and config.predictions:
        path = shown(next(iter(arrays.values())).path)
        raise InputError(f"{path} holds arrays; expected predictions as a table (CSV, JSON lines, Parquet, Arrow)")
    if arrays and tables:
        array, table = next(iter(arrays.values())), next(iter(tables.values()))
        found = f"{shown(array.path)} holds arrays and {shown(table.path)} a table"
        raise InputError(f"{found}; expected all splits of one kind")
    if arrays:
        return _array_files(arrays, config)
    if config.predictions:
        return _prediction_files(tables, config)
    images = {name: column for name, table in tables.items() if (column := image_column(table, config))}
    return _image_files(tables, images, config) if "test" in images else _feature_files(tables, config)


def _feature_files(tables: Mapping[str, Table], config: Config) -> Files:
    stated = config.model_copy(update={"features": input_columns(config) or config.features})
    names = feature_columns(list(tables.values()), stated)

    def shards(split: str, agreed: Agreed) -> tuple[Shard, ...]:
        table, truth = tables[split], truth_of(config, agreed.names)
        design = row_design(table, config)
        return tuple(FeatureShard(table, part, names, config.categories, truth, design) for part in table.parts())

    return Files(tables, names, (len(names),), partial(_labels, tables, config), shards, parts=table_parts(config))


def _image_files(tables: Mapping[str, Table], columns: Mapping[str, str], config: Config) -> Files:
    settings = config.image or ImageSettings()
    for split, table in tables.items():
        require_targets(table, config)
        if split not in columns:
            raise InputError(f"{shown(table.path)} holds no images and {shown(tables['test'].path)} does")
    require_design(list(tables.values()), config)
    sizes = {split: image_size(table, columns[split], settings) for split, table in tables.items()}
    for split, (height, width) in sizes.items():
        if (height, width) != sizes["test"]:
            other = f"{shown(tables['test'].path)} of {sizes['test'][1]} x {sizes['test'][0]}"
            remedy = "state resize or crop under [image] in auditor.toml"
            raise InputError(
                f"{shown(tables[split].path)} holds images of {width} x {height} pixels and {other}; {remedy}"
            )

    def shards(split: str, agreed: Agreed) -> tuple[Shard, ...]:
        table, truth = tables[split], truth_of(config, agreed.names)
        shared = (columns[split], settings, truth, sizes[split], row_design(table, config))
        return tuple(ImageShard(table, part, *shared) for part in table.parts())

    shape = feature_shape(sizes["test"], settings)
    return Files(tables, (), shape, partial(_labels, tables, config), shards, preparation=preparation(settings))


def _labels(tables: Mapping[str, Table], config: Config, split: str) -> Iterator[Encoded]:
    return table_labels(tables[split], config.target)


def _array_files(arrays: Mapping[str, ArrayFile], config: Config) -> Files:
    test = arrays["test"]
    if config.image:
        remedy = "take [image] out of auditor.toml, and prepare the arrays as the model takes them"
        raise UsageError(f"{shown(test.path)} holds arrays, on which [image] has no effect; {remedy}")
    for file in arrays.values():
        for mine, theirs in zip(file.inputs, test.inputs, strict=True):
            if mine.shape[1:] != theirs.shape[1:]:
                found = f"rows of shape {mine.shape[1:]} and {shown(test.path)} {theirs.shape[1:]}"
                raise InputError(f"{shown(file.path)} holds {found}; expected the same features in all splits")

    def shards(split: str, agreed: Agreed) -> tuple[Shard, ...]:
        if config.labels:
            return (LabelArrayShard(arrays[split], config.labels, config.ignore_index),)
        return (ArrayShard(arrays[split], ClassIndex(agreed.names, config.ignore_index)),)

    return Files(arrays, (), test.feature_shape, lambda split: arrays[split].labels(), shards, parts=test.parts)


def _prediction_files(tables: Mapping[str, Table], config: Config) -> Files:
    if config.labels:
        for table in tables.values():
            require_targets(table, config)
        require_design(list(tables.values()), config)
        return Files(tables, (), None, lambda _: iter(()), lambda split, _: label_shards(tables[split], config))
    predictions: PredictionTables = open_predictions(tables, config)

    def shards(split: str, agreed: Agreed) -> tuple[Shard, ...]:
        return predictions.shards(split, ClassIndex(agreed.names, config.ignore_index), agreed.positive)

    return Files(tables, (), None, predictions.labels, shards, predictions.classes)


def _agree(files: Files, config: Config, model_class_names: tuple[str, ...]) -> Agreed:
    names, names_from = stated_classes(config, model_class_names)
    if not names:
        names, names_from = described_classes(files.opened, config.target)
    counted: dict[str, LabelCount] = {}
    if not names:
        name = partial(found_text, ignore=config.ignore_index)
        counted = {split: _count(files, split, name) for split in files.opened}
        names, names_from = found_classes(counted, files.other_classes(counted), files.opened["test"].path)
    elif needs_counts(config, names):
        split = "train" if "train" in files.opened else "test"
        counted = {split: _count(files, split, ClassIndex(names, config.ignore_index).text)}
    classes = ClassIndex(names, config.ignore_index)
    counts = {split: tuple(found.counts[name] for name in names) for split, found in counted.items()}
    for split, file in files.opened.items():
        if not (counted[split].counts if split in counted else any_labelled(files.labels(split), classes)):
            raise no_labels(file.path)
    positive, positive_from = positive_class(config, names, counts)
    n_rows = {split: found.n_rows for split, found in counted.items()}
    return Agreed(names, names_from, positive, positive_from, counts, n_rows)


def _agree_on_labels(files: Files, config: Config, labels_from: str) -> Agreed:
    """The labels; raises InputError where a split has no cell filled."""
    for file in files.opened.values():
        if not _any_label(file, config):
            raise no_labels(file.path)
    return Agreed(config.labels, labels_from, None, "", {}, {})


def _any_label(file: Table | ArrayFile | LoadedData, config: Config) -> bool:
    if isinstance(file, LoadedData):
        return any_label_given(file, config)
    if isinstance(file, ArrayFile):
        return any_label(file, config)
    return LabelColumns(config.labels, config.ignore_index).any_in(file)


def _count(files: Files, split: str, text_of: Callable[[object], str | None]) -> LabelCount:
    return count_labels(files.labels(split), shown(files.opened[split].path), text_of)


def _split(name: str, files: Files, agreed: Agreed) -> Split:
    file = files.opened[name]
    n_rows = agreed.n_rows.get(name, file.n_rows)
    return Split(
        name,
        file.path,
        file.format,
        file.loader.sha256 if isinstance(file, LoadedData) else content_hash(file.path),
        n_rows,
        agreed.names,
        files.feature_names,
        files.feature_shape,
        files.shards(name, agreed),
        files.preparation,
        *((lambda: tuple(file.readings), file.loader.origin) if isinstance(file, LoadedData) else ()),
    )
