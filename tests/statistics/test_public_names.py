import subprocess
import sys

from auditor import statistics


def test_every_public_name_exists_once() -> None:
    assert len(statistics.__all__) == len(set(statistics.__all__))
    assert all(hasattr(statistics, name) for name in statistics.__all__)


def test_statistics_need_neither_torch_nor_scipy_stats() -> None:
    program = "import sys, auditor.statistics; print(sorted({'torch', 'scipy.stats'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
