"""What can go wrong by no fault of ours: each error is one sentence for the user and an exit code for the shell."""

from typing import ClassVar


class AuditorError(Exception):
    """A problem the user can act on; its text is one line that names the place, what was found and what to do."""

    exit_code: ClassVar[int] = 2


class UsageError(AuditorError):
    """Options or configuration that contradict each other or name something that does not exist."""


class InputError(AuditorError):
    """A file that cannot be read, or that does not hold what was asked of it."""


class ModelRefused(AuditorError):
    """Loading this model would run code that nobody allowed."""

    exit_code: ClassVar[int] = 5


class FormatUnavailable(AuditorError):
    """A format that this system lacks the libraries for; the text says what to install."""
