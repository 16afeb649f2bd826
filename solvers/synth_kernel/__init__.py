"""What is true: terms, claims, certificates and `recheck`. Standard library only; see docs/certificates.md."""

from synth_kernel.claims import Claim, Sequent, Theory, sequent
from synth_kernel.recheck import recheck
from synth_kernel.terms import Term, TermError, read, write

__all__ = ["Claim", "Sequent", "Term", "TermError", "Theory", "read", "recheck", "sequent", "write"]
