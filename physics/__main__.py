"""`python -m physics STUDY`: run a study."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from nn.command import print_whatever_comes, run, start_with_one_thread

STUDIES = {
    "burgers": "Burgers' equation by a physics-informed network, against the exact solution",
    "sine": "the sine regression of a first course: history, fit, regularisation, Sobolev training",
}


def main(argv: Sequence[str]) -> int:
    """Run the study that the first argument names, with the other arguments."""
    return run("physics", STUDIES, argv)


if __name__ == "__main__":
    start_with_one_thread()
    print_whatever_comes()
    sys.exit(main(sys.argv[1:]))
