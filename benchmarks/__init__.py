"""What our speed is, measured: CPU-seconds, one process, peers alternating in the same run. Nothing here is a test."""
