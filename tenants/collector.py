"""How rarely Python looks for cycles; called by servers and workers once they have come up."""

import gc
from typing import Final

COLLECT_AFTER: Final = 10_000
"""New objects between two runs of the cycle collector: Python's own 700 are one page of a list, and
fifty thousand kept a request waiting for 100 ms when they were cycles (templates make some)."""


def spare_the_collector() -> None:
    """Keep Python's cycle collector from going through the whole application at every few requests.

    A page of a list makes a thousand objects, none of them in a cycle: counting references frees
    them. With the default thresholds over a quarter of a list's CPU time went into looking for
    cycles (docs/operators/performance.md). What is there now stays, so it is never looked at again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 50)
