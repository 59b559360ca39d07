"""A torch.export archive, checked before anything of it is loaded: what only computes may load without being trusted."""

from auditor.models.verification.verifier import Verified, verify
from auditor.models.verification.violations import Violation

__all__ = ["Verified", "Violation", "verify"]
