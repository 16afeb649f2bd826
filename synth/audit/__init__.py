"""Audit: what our provers say about questions and answers that others made."""
