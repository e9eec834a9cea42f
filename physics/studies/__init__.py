"""Studies: complete problems, each a command `python -m physics NAME` that trains, compares, prints and draws."""
