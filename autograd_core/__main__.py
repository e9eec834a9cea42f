"""`python -m autograd_core graph FILE.py:FUNCTION -o graph.html`: draw the graph of a computation."""

from .viz.command import main

raise SystemExit(main())
