"""Judging: parse what was proposed, state the claims its kind requires, prove them, accept or reject."""
