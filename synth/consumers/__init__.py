"""What trainers and evaluators take: one file each, which imports its package only when it is used."""
