"""Figures about samples of a discrete distribution, each with its uncertainty and its bias; numpy and scipy alone."""
