"""What is asked: one folder for each family. See docs/design.md, "A family is mostly data"."""
