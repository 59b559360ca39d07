"""What every test run shares: one thread a process, no display, and how hard hypothesis looks."""

import os

from hypothesis import HealthCheck, settings

# Set before numpy or torch is imported anywhere: the tests run in as many processes as there are cores, and threads
# that compete for a busy core wait on each other in a spin.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("MPLBACKEND", "Agg")

settings.register_profile("local", deadline=None, max_examples=50)
settings.register_profile(
    "ci", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "local"))
