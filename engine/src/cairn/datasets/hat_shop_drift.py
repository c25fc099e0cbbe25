"""What changes in the simulated shop on purpose, so that monitoring can be tried on changes that are known.

    younger    those who are asked about are 30 % closer to 18; p follows, by the same formula
    richer     they earn 40 % more; p follows
    fashion    the concept: hats go out of fashion, and hat lovers turn from them; nothing else that is known changes
    cents      upstream breaks: income is written in cents
    missing    upstream breaks: income is not written
    constant   upstream breaks: everyone's income is written as 32,000
    new_city   one customer in ten comes from a city that was never seen

A broken column changes only what is written: people, their orders and p stay as they were, drawn from the same
numbers. What comes with the year (winter, sales) is none of these: the next year has it again.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]
Kind = Literal["younger", "richer", "fashion", "cents", "missing", "constant", "new_city"]

YOUNGER, RICHER = 0.7, 1.4
CONSTANT_INCOME = 32_000
NEW_CITY = {"Lisbon": (0.10, 0.2, 0.3)}  # as in hat_shop.CITIES: share of customers, taste, how cold its winter feels


@dataclass(frozen=True)
class Drift:
    """One change, of everyone who is asked about from a moment on.

    Parameters
    ----------
    kind : what changes, by the list at the top of this file
    since : the moment, in seconds since 1970
    """

    kind: Kind
    since: int

    def of_people(self, people: Columns, rng: np.random.Generator, *, new_city: int) -> Columns:
        """Change who is asked about, or why they buy, before their orders are drawn.

        Parameters
        ----------
        people : as `hat_shop.draw_people` drew them; arrays of shape (n,)
        rng : its next numbers stay the same, so that whoever is not changed stays the same
        new_city : the code of the city that was never seen
        """
        since = people["asked"] >= self.since
        match self.kind:
            case "younger":
                return people | {"age": np.where(since, np.floor(18 + YOUNGER * (people["age"] - 18)), people["age"])}
            case "richer":
                return people | {"income": np.where(since, np.round(RICHER * people["income"], -2), people["income"])}
            case "fashion":
                return people | {"out_of_fashion": since}
            case "new_city":
                ((share, *_),) = NEW_CITY.values()
                moves = since & (rng.spawn(1)[0].random(len(since)) < share)
                return people | {"city": np.where(moves, new_city, people["city"])}
        return people

    def of_records(self, people: Columns) -> Columns:
        """Change what is written of them: a column that breaks on its way."""
        since = people["asked"] >= self.since
        match self.kind:
            case "cents":
                return people | {"income": np.where(since, 100 * people["income"], people["income"])}
            case "missing":
                return people | {"income_missing": since | people["income_missing"]}
            case "constant":
                income = np.where(since, CONSTANT_INCOME, people["income"])
                return people | {"income": income, "income_missing": people["income_missing"] & ~since}
        return people
