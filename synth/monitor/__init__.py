"""Does a dataset narrow? Entropy, mix, drift and losses of any corpus, each figure with its uncertainty and its bias.

>>> monitor = CorpusMonitor()
>>> monitor.update({"family": name, "level": 1, "provenance": "human"} for name in ["sums"] * 3 + ["knights"])
>>> found = report(monitor)
>>> found.metrics["rows"].value, round(found.metrics["entropy_plug_in"].value, 3)
(4, 0.562)
"""

from synth.monitor.corpus import CorpusMonitor
from synth.monitor.report import Report, report

__all__ = ["CorpusMonitor", "Report", "report"]
