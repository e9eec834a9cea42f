"""`python -m nn STUDY`: run a study."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .command import print_whatever_comes, run, start_with_one_thread

STUDIES = {
    "capacity": "width against depth: networks of equal numbers of parameters on one field",
    "digits": "handwritten digits told apart by a convolutional network",
    "filters": "fixed filters on an image, the error orders of finite differences, and kernels that are learnt",
    "mesh": "Poisson's equation on meshes that were not seen: message passing beside networks of single nodes",
    "regularise": "a noisy sine, and six ways not to fit its noise, side by side",
    "sequence": "RNN, LSTM and GRU: how long each remembers",
}


def main(argv: Sequence[str]) -> int:
    """Run the study that the first argument names, with the other arguments."""
    return run("nn", STUDIES, argv)


if __name__ == "__main__":
    start_with_one_thread()
    print_whatever_comes()
    sys.exit(main(sys.argv[1:]))
