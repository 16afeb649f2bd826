"""How to find out: solvers that propose answers, steps and certificates. Nothing here is trusted."""
