"""How much a run measures."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """`times` of each pair, `many` where a 99th percentile is asked for, `rounds` of what takes seconds each."""

    times: int = 21
    many: int = 200
    rounds: int = 3
    seconds: float = 4.0  # of one round of writers
    visits: int = 20  # of each page, by each of five people
    export_rows: int = 100_000
    photo_side: int = 4000  # pixels of the longer side, as a phone of 12 megapixels makes: 2 MB


LEAST = Effort(times=1, many=2, rounds=1, seconds=0.3, visits=1, export_rows=200, photo_side=400)
