"""A simulated shop that asks: will this customer buy a hat in the next 30 days.

Each customer is asked about once, at `asked_at`, some time in the year (2025). The label is not stored: it is a hat
order in [asked_at, asked_at + 30 days). It is drawn with a probability p that depends only on what was known just
before asked_at, so p (in truth/truth.parquet, rounded to a millionth) is the best prediction that a model could give:

    logit(p) = INTERCEPT
             + HABIT * log(1 + D_hat(365)) - SATIATION * tanh(D_hat(30))     hat lovers; nobody needs a second one soon
             + ACTIVITY * log(1 + D_any(60)) + MONEY * log(1 + D_spent(180))
             + WARMTH * winter * log(1 + D_warm(120))                        scarves and gloves announce a hat
             + SEASON * winter * cold[city]
             + BARGAIN * sale * (share of orders bought on sale)
             + NEWSLETTER * newsletter / (1 + D_any(60))                     it wakes those who sleep
             + AGE * ((age - 45) / 20)^2 + INCOME * tanh(log(income / 32,000))
             + taste[city] + reach[channel] + BIAS (for women)

D_x(t) is the sum over the customer's earlier orders of kind x of exp(-days ago / t), for `spent` times the price in
units of 100. With y the share of the year gone by: winter = cos(2 pi (y - 0.96)), sale = max(0, cos(4 pi (y - 1/24))),
the sales of January and July. BIAS is planted: at equal history, demographics and season a woman's logit is lower
by 0.6, for no reason. Age is missing at random; income is missing more often where it is high, and p knows both.
Earlier orders follow a rate of the customer's own, steady, rising or falling; each is a hat with a share of the
customer's own. Later orders are decoys: no hat for 30 days (but for the label's own), any item after that.
A later year has new customers, by the same truth. What may change on purpose stands in hat_shop_drift.py.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cairn.datasets.hat_shop_drift import NEW_CITY, Columns, Drift, Kind
from cairn.errors import InputError
from cairn.files import written
from cairn.tables.source import Source

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["HatShop"]

INTERCEPT, HABIT, SATIATION, ACTIVITY, MONEY, WARMTH = -3.6, 2.3, 2.0, 1.0, 0.4, 1.1
SEASON, BARGAIN, NEWSLETTER, AGE, INCOME = 0.8, 1.8, 0.9, -0.5, 0.6
BIAS = -0.6
OUT_OF_FASHION = (-2.1, -2.3)  # INTERCEPT and HABIT once hats are: about as many buy, but others do

WINDOW_DAYS, LATER_DAYS, PAST_DAYS = 30, 60, 730
ORDERS_PER_YEAR, HAT_SHARE = 5.0, 0.14
MISSING_AGE, MISSING_INCOME, MISSING_HIGH_INCOME, HIGH_INCOME = 0.05, 0.05, 0.30, 45_000

GENDERS = {"female": 0.52, "male": 0.45, "other": 0.03}
# City -> share of customers, taste (on the logit), how cold its winter feels.
CITIES = {
    "London": (0.28, 0.0, 1.0),
    "Paris": (0.22, 0.3, 0.9),
    "Madrid": (0.16, -0.2, 0.5),
    "Hamburg": (0.12, 0.1, 1.2),
    "Rome": (0.10, -0.1, 0.4),
    "Oslo": (0.07, 0.4, 1.7),
    "Athens": (0.04, -0.5, 0.2),
    "Reykjavik": (0.01, 0.7, 2.0),
}
CHANNELS = {"web": (0.48, 0.0), "app": (0.30, 0.25), "shop": (0.17, -0.15), "partner": (0.05, -0.6)}  # share, reach
# Item -> share among the orders that are no hats, median price in cents.
ITEMS = {
    "shirt": (0.30, 2_900),
    "shoes": (0.21, 6_900),
    "trousers": (0.18, 4_900),
    "jacket": (0.11, 9_900),
    "scarf": (0.09, 2_400),
    "gloves": (0.06, 1_900),
    "belt": (0.04, 2_200),
    "umbrella": (0.01, 1_700),
    "hat": (0.0, 3_500),
}
HAT, WARM = list(ITEMS).index("hat"), [list(ITEMS).index(name) for name in ("scarf", "gloves")]

CHUNK = 25_000  # customers drawn at once: bounds the memory, and is one row group of each file
DAY = 86_400
YEAR = 365 * DAY  # of a leap year, its first 365 days
FIRST_YEAR, LAST_YEAR = 2025, 2050
MOST_CUSTOMERS = 10_000_000


@dataclass(frozen=True, kw_only=True)
class HatShop(Source):
    """The simulated shop; the same seed gives the same bytes, and more customers only add rows.

    Parameters
    ----------
    customers : how many customers there are, 1,000 to 10,000,000; each is asked about once
    seed : makes the shop repeatable
    year : when they are asked about, 2025 to 2050; each year has customers of its own, with ids of their own
    drift : what changes on purpose, see hat_shop_drift.py; None: nothing
    drift_from : the day of the year, 1 to 365, from which on it has changed

    Raises
    ------
    InputError : there are too few or too many customers, the seed is negative, or there is no such year or day
    """

    customers: int = 40_000
    seed: int = 0
    year: int = FIRST_YEAR
    drift: Kind | None = None
    drift_from: int = 1

    def __post_init__(self) -> None:
        if not 1_000 <= self.customers <= MOST_CUSTOMERS:
            raise InputError(
                f"data.customers: {self.customers:,} is not from 1,000 to 10,000,000; choose another number"
            )
        if self.seed < 0:
            raise InputError(f"data.seed: {self.seed} is negative; choose 0 or more")
        if not FIRST_YEAR <= self.year <= LAST_YEAR:
            raise InputError(f"data.year: {self.year} is not from {FIRST_YEAR} to {LAST_YEAR}; choose another year")
        if not 1 <= self.drift_from <= YEAR // DAY:
            raise InputError(f"data.drift_from: {self.drift_from} is no day from 1 to 365; choose another day")

    def ingest(self, raw: Path, truth: Path) -> None:
        """Write customers, questions and orders into `raw`, and the true probabilities into `truth`."""
        from tqdm import tqdm

        places = {name: raw / f"{name}.parquet" for name in ("customers", "questions", "orders")}
        places["truth"] = truth / "truth.parquet"
        drift = Drift(self.drift, begin(self.year) + (self.drift_from - 1) * DAY) if self.drift else None
        with ExitStack() as files:
            partial = {name: files.enter_context(written(path)) for name, path in places.items()}
            writers: dict[str, Any] = {}
            orders = 0
            for start in tqdm(range(0, self.customers, CHUNK), desc="hat shop", unit="chunk", disable=None):
                rows = min(CHUNK, self.customers - start)
                chunk = simulate(self.seed, start, rows, first_order=orders, year=self.year, drift=drift)
                for name, table in chunk.items():
                    if name not in writers:
                        writers[name] = files.enter_context(_writer(table, partial[name]))
                    writers[name].write_table(table, row_group_size=table.num_rows)
                orders += chunk["orders"].num_rows


def simulate(
    seed: int, start: int, rows: int, *, first_order: int, year: int = FIRST_YEAR, drift: Drift | None = None
) -> dict[str, "pa.Table"]:
    """Draw one chunk of the shop.

    A whole chunk is drawn whatever `rows` is, so the first customers are the same in a shop of any size.

    Parameters
    ----------
    seed : the shop's seed
    start : the place of the chunk's first customer in the year, a multiple of CHUNK
    rows : how many of the chunk's customers to keep
    first_order : the id of the chunk's first order
    year : when the customers are asked about
    drift : what changes on purpose

    Returns
    -------
    dict : table name -> table; customers, questions and truth have `rows` rows each
    """
    # A zero at the end changes nothing: the first year is drawn from [seed, start // CHUNK].
    rng = np.random.default_rng(np.random.SeedSequence([seed, start // CHUNK, year - FIRST_YEAR]))
    people = draw_people(rng, year)
    if drift:
        people = drift.of_people(people, rng, new_city=len(CITIES))
    past = draw_past_orders(rng, people)
    probability = true_probability(people, past)
    orders = _in_order(past, draw_later_orders(rng, people, probability))
    kept = {name: column[: np.searchsorted(orders["person"], rows)] for name, column in orders.items()}
    first = start + (year - FIRST_YEAR) * MOST_CUSTOMERS
    seen = drift.of_records(people) if drift else people
    tables = _people_tables({name: column[:rows] for name, column in seen.items()}, probability[:rows], first)
    return tables | {"orders": _order_table(kept, first, first_order)}


def begin(year: int) -> int:
    """Give a year's first moment, in whole seconds since 1970."""
    return int(np.datetime64(f"{year}-01-01T00:00:00").astype(np.int64))


def draw_people(rng: np.random.Generator, year: int = FIRST_YEAR) -> Columns:
    """Draw who the customers are and when each is asked about; arrays of shape (CHUNK,)."""
    asked = begin(year) + rng.integers(0, YEAR, CHUNK)
    income = np.round(np.exp(rng.normal(np.log(32_000), 0.45, CHUNK)), -2)
    hidden = np.where(income > HIGH_INCOME, MISSING_HIGH_INCOME, MISSING_INCOME)
    return {
        "asked": asked,
        "signed_up": asked // DAY - rng.integers(30, 1_500, CHUNK),  # days since 1970
        "gender": _choose(rng, list(GENDERS.values())),
        "city": _choose(rng, [share for share, *_ in CITIES.values()]),
        "channel": _choose(rng, [share for share, *_ in CHANNELS.values()]),
        "newsletter": rng.random(CHUNK) < 0.4,
        "age": np.floor(18 + 72 * rng.beta(1.6, 3.0, CHUNK)),
        "age_missing": rng.random(CHUNK) < MISSING_AGE,
        "income": income,
        "income_missing": rng.random(CHUNK) < hidden,
        "rate": ORDERS_PER_YEAR * rng.gamma(1.5, 1 / 1.5, CHUNK),  # orders a year
        "trend": rng.integers(0, 3, CHUNK),  # steady, rising, falling
        "hat_share": rng.beta(1.0, 1 / HAT_SHARE - 1, CHUNK),
        "out_of_fashion": np.zeros(CHUNK, dtype=bool),
    }


def draw_past_orders(rng: np.random.Generator, people: Columns) -> Columns:
    """Draw the orders since sign-up, two years back at most, all strictly before `asked`; shape (n_orders,)."""
    span = np.minimum(people["asked"] - people["signed_up"] * DAY, PAST_DAYS * DAY)
    person = np.repeat(np.arange(CHUNK), rng.poisson(people["rate"] * span / YEAR))
    uniform = rng.random(len(person))
    # Squares, not powers: a product is rounded alike on every machine.
    trend = people["trend"][person]
    ago = np.choose(trend, [uniform, uniform * uniform, 1 - uniform * uniform])
    seconds = 1 + np.floor(ago * (span[person] - 1)).astype(np.int64)
    return _orders(rng, person, people["asked"][person] - seconds, people["hat_share"][person])


def draw_later_orders(rng: np.random.Generator, people: Columns, probability: NDArray[np.float64]) -> Columns:
    """Draw the orders from `asked` on: decoys for everyone, and a hat within the window where the coin says so."""
    person = np.repeat(np.arange(CHUNK), rng.poisson(people["rate"] * LATER_DAYS / 365))
    seconds = rng.integers(0, LATER_DAYS * DAY, len(person))
    hat_share = np.where(seconds < WINDOW_DAYS * DAY, 0.0, people["hat_share"][person])
    buyers = np.flatnonzero(rng.random(CHUNK) < probability)
    person = np.concatenate([person, buyers])
    seconds = np.concatenate([seconds, rng.integers(0, WINDOW_DAYS * DAY, len(buyers))])
    hat_share = np.concatenate([hat_share, np.ones(len(buyers))])
    return _orders(rng, person, people["asked"][person] + seconds, hat_share)


def true_probability(people: Columns, past: Columns) -> NDArray[np.float64]:
    """Give p, the chance of a hat order in the window, by the formula at the top of this file.

    Parameters
    ----------
    people : arrays of shape (n,)
    past : the orders before `asked`; arrays of shape (n_orders,), `person` is an index into people

    Returns
    -------
    array of shape (n,), rounded to a millionth so that another machine's last bit changes nothing
    """
    person, item, n = past["person"], past["item"], len(people["asked"])
    days = (people["asked"][person] - past["time"]) / DAY

    def decayed(t: float, of: Any = slice(None), worth: Any = 1.0) -> NDArray[Any]:
        return np.bincount(person[of], np.exp(-days[of] / t) * worth, minlength=n)

    hat, warm = item == HAT, np.isin(item, WARM)
    activity, count = decayed(60), np.bincount(person, minlength=n)
    on_sale = np.bincount(person, past["on_sale"], minlength=n) / np.maximum(count, 1)
    winter = np.cos(2 * np.pi * (_year_share(people["asked"]) - 0.96))
    taste, cold = np.array([row[1:] for row in (CITIES | NEW_CITY).values()])[people["city"]].T
    reach = np.array([row[1] for row in CHANNELS.values()])[people["channel"]]
    out = people["out_of_fashion"]
    logit = (
        np.where(out, OUT_OF_FASHION[0], INTERCEPT)
        + np.where(out, OUT_OF_FASHION[1], HABIT) * np.log1p(decayed(365, hat))
        - SATIATION * np.tanh(decayed(30, hat))
        + ACTIVITY * np.log1p(activity)
        + MONEY * np.log1p(decayed(180, worth=past["price_cents"] / 10_000))
        + WARMTH * winter * np.log1p(decayed(120, warm))
        + SEASON * winter * cold
        + BARGAIN * _sale(people["asked"]) * on_sale
        + NEWSLETTER * people["newsletter"] / (1 + activity)
        + AGE * ((people["age"] - 45) / 20) ** 2
        + INCOME * np.tanh(np.log(people["income"] / 32_000))
        + taste
        + reach
        + BIAS * (people["gender"] == list(GENDERS).index("female"))
    )
    return np.round(1 / (1 + np.exp(-logit)), 6)


def _orders(rng: np.random.Generator, person: NDArray[Any], time: NDArray[Any], hat_share: NDArray[Any]) -> Columns:
    uniform = rng.random(len(person))
    others = np.cumsum([share for share, _ in ITEMS.values()])[:-2]
    item = np.searchsorted(others, (uniform - hat_share) / np.maximum(1 - hat_share, 1e-9), side="right")
    item = np.where(uniform < hat_share, HAT, item)
    on_sale = rng.random(len(person)) < 0.1 + 0.5 * _sale(time)
    median = np.array([cents for _, cents in ITEMS.values()])[item]
    price = median * np.exp(0.35 * rng.standard_normal(len(person))) * np.where(on_sale, 0.7, 1.0)
    cents = np.rint(price).astype(np.int64)
    return {"person": person, "time": time, "item": item, "on_sale": on_sale, "price_cents": cents}


def _in_order(*parts: Columns) -> Columns:
    together = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    # One whole-number key sorts faster than two; stable, since ties must fall alike on every machine.
    key = (together["person"] << 34) + together["time"]
    by_person_and_time = np.argsort(key, kind="stable")
    return {name: column[by_person_and_time] for name, column in together.items()}


def _choose(rng: np.random.Generator, shares: list[float]) -> NDArray[Any]:
    return np.searchsorted(np.cumsum(shares)[:-1], rng.random(CHUNK), side="right")


def _year_share(time: NDArray[Any]) -> NDArray[np.float64]:
    return (time - begin(FIRST_YEAR)) % YEAR / YEAR


def _sale(time: NDArray[Any]) -> NDArray[np.float64]:
    return np.maximum(0.0, np.cos(4 * np.pi * (_year_share(time) - 1 / 24)))


def _people_tables(people: Columns, probability: NDArray[np.float64], start: int) -> dict[str, "pa.Table"]:
    import pyarrow as pa

    cities = CITIES | NEW_CITY if np.any(people["city"] == len(CITIES)) else CITIES
    ids = pa.array(np.arange(start, start + len(probability)))
    customers = {
        "customer_id": ids,
        "signed_up_on": pa.array(people["signed_up"].astype("datetime64[D]")),
        "gender": _labels(people["gender"], GENDERS),
        "age": pa.array(people["age"].astype(np.int32), mask=people["age_missing"]),
        "income": pa.array(people["income"].astype(np.int32), mask=people["income_missing"]),
        "city": _labels(people["city"], cities),
        "channel": _labels(people["channel"], CHANNELS),
        "newsletter": pa.array(people["newsletter"]),
    }
    return {
        "customers": pa.table(customers),
        "questions": pa.table({"customer_id": ids, "asked_at": _timestamps(people["asked"])}),
        "truth": pa.table({"customer_id": ids, "probability": probability}),
    }


def _order_table(orders: Columns, start: int, first_order: int) -> "pa.Table":
    import pyarrow as pa

    columns = {
        "order_id": np.arange(first_order, first_order + len(orders["person"])),
        "customer_id": orders["person"] + start,
        "ordered_at": _timestamps(orders["time"]),
        "item": _labels(orders["item"], ITEMS),
        "price_cents": orders["price_cents"],
        "on_sale": orders["on_sale"],
    }
    return pa.table(columns)


def _timestamps(seconds: NDArray[Any]) -> "pa.Array":
    import pyarrow as pa

    return pa.array(seconds.astype("datetime64[s]").astype("datetime64[us]"))


def _labels(codes: NDArray[Any], names: dict[str, Any]) -> "pa.Array":
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(codes.astype(np.int8), list(names))


def _writer(table: "pa.Table", path: Path) -> Any:
    import pyarrow.parquet as pq

    # Without Arrow's own schema the labels read back as plain text everywhere.
    return pq.ParquetWriter(path, table.schema, compression="zstd", store_schema=False)
