"""The command line: options, messages and the exit code; the work is elsewhere."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import click

from auditor import __version__
from auditor.errors import AuditorError, UsageError
from auditor.interrupting import INTERRUPTED, raise_again
from auditor.options import CommaList, by_class, json_object, rows_at_once, together

PRESETS = ("balanced", "screening", "fraud", "spam", "ranking")
FORMATS = ("html", "pdf", "json")
OUR_BUG, DEMO = 70, "default"

Parameters = ParamSpec("Parameters")


def printable(text: str) -> str:
    """The text without control characters, which could drive a terminal; line breaks stay."""
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text)


def speaking(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Turn every end of a command into one clear line and its exit code; no traceback reaches a user."""

    @wraps(command)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        raise_again()
        try:
            command(*args, **kwargs)
        except AuditorError as error:
            click.echo(f"auditor: {printable(str(error))}", err=True)
            sys.exit(error.exit_code)
        except (KeyboardInterrupt, click.Abort):
            click.echo("auditor: interrupted; nothing was written that is not whole", err=True)
            sys.exit(INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit, SystemExit):
            raise
        except BrokenPipeError:
            sys.exit(0)
        except BaseException as error:  # noqa: BLE001  (a bug of ours: say so, keep the traceback for the report)
            from auditor.bugs import save_traceback

            click.echo(
                f"auditor: a bug of ours: {type(error).__name__}: {error}. Please report {save_traceback(error)}",
                err=True,
            )
            sys.exit(OUR_BUG)

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="auditor")
def main() -> None:
    """Decide whether a saved classifier may be released, and prove it on paper.

    Exit codes: 0 ready, 1 not ready, 2 bad usage or unreadable input, 3 needs review, 4 the figures cannot be trusted,
    5 the model was refused because loading it would run code.
    """


@main.command()
@click.argument("model", required=False, type=click.Path(path_type=Path))
@click.option(
    "--test",
    type=click.Path(path_type=Path),
    help="The rows the model is judged on: a table, arrays, or a folder.",
)
@click.option(
    "--train", type=click.Path(path_type=Path), help="The rows it learnt from: shows copies, overfitting, shifts."
)
@click.option("--validation", type=click.Path(path_type=Path), help="The rows it was tuned on.")
@click.option(
    "--history",
    type=click.Path(path_type=Path),
    help="Losses by epoch: CSV, JSON, TensorBoard, MLflow, trainer_state.json.",
)
@click.option("--epoch", type=float, metavar="N", help="The epoch of MODEL in the history.  [default: the last]")
@click.option(
    "--predictions",
    type=click.Path(path_type=Path),
    help="Instead of MODEL and --test: a table of labels and scores or decisions.",
)
@click.option("--target", metavar="COLUMN", help="The column of true labels.  [default: label]")
@click.option(
    "--positive",
    metavar="VALUE",
    help="The class that matters, of two.  [default: the rarer one, and the report says so]",
)
@click.option(
    "--labels",
    type=CommaList(),
    multiple=True,
    callback=together,
    metavar="A,B,…",
    help="The labels of which a row may have several: each a column of 0 and 1, or of y in an npz.",
)
@click.option("--predicted", metavar="COLUMN", help="The column of decisions in --predictions.  [default: predicted]")
@click.option(
    "--id",
    "ids",
    metavar="COLUMN",
    multiple=True,
    help="A column that tells rows apart and is no feature; may be repeated.",
)
@click.option("--time", metavar="COLUMN", help="When each row happened: numbers, or ISO dates or times.")
@click.option("--group", metavar="COLUMN", help="Rows of one group (a patient, a customer) depend on each other.")
@click.option("--weight", metavar="COLUMN", help="How many rows of the population a row stands for.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="An auditor.toml; options win over it.  [default: ./auditor.toml if there is one]",
)
@click.option("--preset", type=click.Choice(PRESETS), help="What the model is held to.  [default: balanced]")
@click.option(
    "--gate",
    "gates",
    metavar="'METRIC>=N'",
    multiple=True,
    help="A condition of release, as 'recall[fraud]>=0.9'; may be repeated.",
)
@click.option(
    "--prior",
    metavar="CLASS=P",
    multiple=True,
    help="The share of a class in use, where it differs from the test data.",
)
@click.option(
    "--threshold", type=float, metavar="P", help="Name the positive class, or each label, from this probability on."
)
@click.option("--model-class", metavar="MODULE:CLASS", help="The class whose weights the file holds.")
@click.option("--model-args", metavar="JSON", help="Its keyword arguments.")
@click.option(
    "--adapter", type=click.Path(path_type=Path), metavar="FILE.py", help="Your own load, prepare or scores functions."
)
@click.option(
    "--loader", metavar="MODULE:FUNCTION", help='Instead of files: called with "test" and "train", it returns batches.'
)
@click.option("--output", metavar="NAME|INDEX", help="Which of several outputs is read.  [default: told by its form]")
@click.option(
    "--output-kind",
    type=click.Choice(("logits", "log-probabilities", "probabilities", "sigmoid")),
    help="What the outputs are.  [default: detected]",
)
@click.option("--sha256", metavar="HEX", help="Load a model that could run code only if the file has this hash.")
@click.option("--trust-model-code", is_flag=True, help="Load a model that could run code.")
@click.option("--device", metavar="auto|cpu|cuda[:N]|mps", help="Where the forward pass runs.  [default: auto]")
@click.option("--precision", type=click.Choice(("fp32", "bf16", "fp16")), help="Of the forward pass.  [default: fp32]")
@click.option("--batch-size", metavar="N|auto", help="Rows a forward pass.  [default: auto]")
@click.option("--threads", type=click.IntRange(1), metavar="N", help="CPU threads of the forward pass.")
@click.option(
    "--checks",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="DIR",
    help="A folder with checks of your own; may be repeated.",
)
@click.option(
    "--select", type=CommaList(), multiple=True, callback=together, metavar="IDS", help="Run only these checks."
)
@click.option(
    "--ignore", type=CommaList(), multiple=True, callback=together, metavar="IDS", help="Do not run these checks."
)
@click.option("--strict", is_flag=True, help="Exit 1 on warnings too.")
@click.option(
    "--format",
    type=CommaList(FORMATS),
    multiple=True,
    callback=together,
    metavar="LIST",
    help="Of html, pdf, json (always written).  [default: html,pdf,json]",
)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="The folder for the reports.  [default: audit]"
)
@click.option("--save-overlap", is_flag=True, help="List all test rows that stand in train in overlap.parquet.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@speaking
def run(  # noqa: PLR0917  (click passes by name)
    config: Path | None,
    gates: tuple[str, ...],
    prior: tuple[str, ...],
    model_args: str | None,
    strict: bool,
    batch_size: str | None,
    **options: Any,  # noqa: ANN401  (click's own parameters)
) -> None:
    """Audit MODEL on test data and write report.json, report.html and report.pdf."""
    from auditor.config import load_config, parse_gate, parse_prior

    options |= {"gates": tuple(parse_gate(text) for text in gates), "model_args": json_object(model_args)}
    options |= {"prior": by_class([parse_prior(text) for text in prior])}
    options |= {"policy": {"strict": True} if strict else None, "batch_size": rows_at_once(batch_size)}
    _audit(load_config(options, config, Path.cwd()))


@main.command()
@click.argument("sample", default=DEMO)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for the reports.  [default: audit/SAMPLE]",
)
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@speaking
def demo(sample: str, out: Path | None, quiet: bool) -> None:
    """Audit a sample that ships with auditor; exits 0 whatever the verdict, since it is the sample's, not yours."""
    from auditor.config import load_config
    from auditor.resources import folder

    known = sorted(path.parent.name for path in folder("samples").glob("*/auditor.toml"))
    if sample not in known:
        raise UsageError(f"no sample is called {sample!r}; there are {', '.join(known)}")
    home = folder("samples") / sample
    _audit(
        load_config({"out": out or Path("audit") / sample, "quiet": quiet}, home / "auditor.toml", Path.cwd()),
        obey=False,
    )


@main.command()
@click.argument("report", type=click.Path(path_type=Path))
@click.option(
    "--format",
    type=CommaList(FORMATS),
    multiple=True,
    callback=together,
    metavar="LIST",
    default=["html,pdf"],
    show_default=True,
    help="Of html, pdf, json.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for the pages.  [default: beside REPORT]",
)
@speaking
def render(report: Path, format: tuple[str, ...], out: Path | None) -> None:
    """Write pages from a REPORT.json, without model or data."""
    from auditor.rendering import write
    from auditor.report import read

    written, missing = write(read(report), format, out or report.parent)
    for path in written:
        click.echo(path)
    for line in missing:
        click.echo(f"auditor: {line}", err=True)


@main.command()
@click.argument("model", required=False, type=click.Path(path_type=Path))
@click.option("--test", type=click.Path(path_type=Path), help="The rows the model is judged on.")
@click.option("--train", type=click.Path(path_type=Path), help="The rows it learnt from.")
@click.option("--validation", type=click.Path(path_type=Path), help="The rows it was tuned on.")
@click.option("--history", type=click.Path(path_type=Path), help="The training history.")
@click.option("--target", metavar="COLUMN", help="The column of true labels.  [default: guessed by its name]")
@click.option("--force", is_flag=True, help="Replace an auditor.toml that is there.")
@speaking
def init(model: Path | None, history: Path | None, target: str | None, *, force: bool, **data: Path | None) -> None:
    """Write a commented auditor.toml from what the files tell; files that are not named are looked for here by name."""
    from auditor.starting import Roles, write_settings

    given = {split: file for split, file in data.items() if file is not None}
    path = write_settings(Path.cwd(), Roles(model, given, history), target, force=force)
    click.echo(f"{path.name} was written: check what it calls a guess, then run `auditor run --config {path.name}`")


@main.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--format", type=click.Choice(("text", "json")), default="text", show_default=True)
@speaking
def inspect(model: Path, format: str) -> None:
    """Say what a saved MODEL is, what it holds and whether loading it would run code; nothing of it is run."""
    from auditor.models.inspection import shown

    click.echo(printable(shown(model, format)))


@main.command()
@click.argument("id", required=False)
@click.option(
    "--checks",
    "folders",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="DIR",
    help="A folder with checks of your own; may be repeated.",
)
@speaking
def checks(id: str | None, folders: tuple[Path, ...]) -> None:
    """List the checks, or explain one."""
    from auditor.checking import chosen, explanation, refuse_unknown

    found = {check.id: check for check in chosen(folders).run}
    if id is not None:
        refuse_unknown([id], found)
        click.echo(explanation(found[id]))
        return
    width = max(map(len, found))
    for check in found.values():
        click.echo(f"{check.id:<{width}}  {check.title}")


def _audit(config: Any, *, obey: bool = True) -> None:  # noqa: ANN401
    from auditor.pipeline import audit_and_write

    try:
        code = audit_and_write(config)
    except SystemExit as error:
        raise UsageError(
            f"the model or a check ended the program with sys.exit({error.code!r}); it must not"
        ) from error
    sys.exit(code if obey else 0)
