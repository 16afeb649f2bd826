"""Admission: a model proposes a family as data; laws and a person decide. Nothing that it wrote is ever executed."""

from synth.admission.ask import ask_for_family
from synth.admission.files import Refused, files_of
from synth.admission.quarantine import Entry, judge_reply, propose_family, refuse_bundled
from synth.admission.sign import admit

__all__ = ["Entry", "Refused", "admit", "ask_for_family", "files_of", "judge_reply", "propose_family", "refuse_bundled"]
