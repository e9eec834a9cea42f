"""Studies: complete problems, each a command `python -m nn NAME` that trains, compares, prints and draws."""
