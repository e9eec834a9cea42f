"""`python -m nn STUDY`: run a study."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .command import print_whatever_comes, run, start_with_one_thread

STUDIES = {
    "digits": "handwritten digits told apart by a convolutional network",
    "regularise": "a noisy sine, and six ways not to fit its noise, side by side",
}


def main(argv: Sequence[str]) -> int:
    """Run the study that the first argument names, with the other arguments."""
    return run("nn", STUDIES, argv)


if __name__ == "__main__":
    start_with_one_thread()
    print_whatever_comes()
    sys.exit(main(sys.argv[1:]))
