"""What a model does with a few rows; trials.py runs it, the records here hold what was seen."""

from auditor.behaviour.records import Behaviour, Comparison, FeatureComparison, FeatureSummary, Treatment

__all__ = ["Behaviour", "Comparison", "FeatureComparison", "FeatureSummary", "Treatment"]
