"""Ctrl-C while the program begins: one line and exit code 130, whatever is being imported at that moment."""

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130


def stop_at_once() -> None:
    """Until a command begins, let Ctrl-C end the process: nothing is written yet, and an import may swallow exceptions."""
    signal.signal(signal.SIGINT, _stop)


def raise_again() -> None:
    """From here on let Ctrl-C raise KeyboardInterrupt, as Python does, so that what is being written can be tidied up."""
    if signal.getsignal(signal.SIGINT) is _stop:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    sys.stderr.write("auditor: interrupted; nothing was written\n")
    sys.stderr.flush()
    os._exit(INTERRUPTED)
