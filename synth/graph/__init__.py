"""What every row depends on: one graph to deduplicate, balance, split, steer and retract by."""
