"""The fraud example as an attacker would like it: one name wherever a file can put a name."""

from dataclasses import replace

from auditor.figure_data import Bars
from auditor.report import DataFile, ModelFile, Report
from auditor.results import HistoryResult, SharedRow
from tests.rendering.example import fraud


def named(name: str, *, drawn: int = 1) -> Report:
    """The fraud example with this name in every place, and a figure with so many of its 30 findings."""
    report = fraud()
    test = report.measurements["test"]
    names = ("not fraud", name)
    renamed = replace(
        test,
        class_names=names,
        classes=dict(zip(names, test.classes.values(), strict=True)),
        positive=name,
        majority=replace(test.majority, class_name=name),
        notes=(name,),
    )
    card = replace(report.decision.cards[0], message=name, where=name, do_next=name)
    fact = replace(report.decision.facts[0], what=name)
    decision = replace(report.decision, cards=(card,) * 3, facts=(fact,) * 5, not_examined=((name, name),) * 9)
    bars = Bars(name, (name, name + "2"), (1.0, 2.0), 1.5, name)
    finding = replace(report.findings[0], message=name, subject=name, remedy=name, check=name, figures=(bars,))
    known = replace(
        report.provenance,
        model=ModelFile(name, name, name, runs_code=True, output_kind=name, notes=(name,)),
        command=name,
        config={name: name},
        versions={name: name},
        settings={name: name},
        data=(DataFile("test", name, name, name, 1),),
    )
    assert report.overlap is not None
    shared = replace(
        report.overlap,
        by_class={name: 3},
        pairs=(SharedRow(1, 1, name, name + "2"),),
        with_and_without=(replace(report.overlap.with_and_without[0], metric=f"recall[{name}]"),),
        verdict_all_rows=name,
    )
    past = HistoryResult((1.0, 2.0), {name: (0.5, 0.4)}, 1.0, 2.0)
    return replace(
        report,
        decision=decision,
        overlap=shared,
        findings=tuple(replace(finding, value=i / 30, figures=(bars,) * (i < drawn)) for i in range(30)),
        measurements={"test": renamed},
        provenance=known,
        history=past,
        verdict=replace(report.verdict, headline=name, sentence=name),
        criteria=replace(report.criteria, gates=(name,), waivers=({"check": name, "by": name},)),
    )
