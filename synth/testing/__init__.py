"""The laws of a family, for whoever writes one: what broke, on which smallest example, and why, most likely.

`check_family` yields what is broken, for tests; `examine` runs every law and returns each with its figure, for people
(`synth family check` prints it).

>>> from synth.family.registry import families
>>> list(check_family(families()["knights"], samples=2, levels=[1]))
[]
"""

from synth.testing.contract import check_family
from synth.testing.examine import LAWS, examine
from synth.testing.finding import Broken, Finding
from synth.testing.sampled import Oracle

__all__ = ["LAWS", "Broken", "Finding", "Oracle", "check_family", "examine"]
