"""Proposers: where candidates come from. Nothing they return is trusted."""
