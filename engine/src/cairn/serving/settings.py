"""How the server behaves: what conf/serve says."""

from dataclasses import dataclass
from typing import Literal

from cairn.errors import InputError
from cairn.rows.records import Policy

__all__ = ["Settings"]

Capture = float | Literal["off", "all"]
HOSTS = ("127.0.0.1", "0.0.0.0", "::")  # noqa: S104, the default is the first


@dataclass(frozen=True)
class Settings:
    """What conf/serve says.

    Parameters
    ----------
    host, port : where it listens
    processes : that answer requests, each with the model in its memory
    workers : of LitServe, which take from the others what takes long: many rows, explanations
    max_rows : in one request
    max_body : in MiB
    timeout : seconds that a request may take
    inline_rows : requests with at most so many rows are answered where they arrive; 0: all go to a worker
    max_batch_size : requests that a worker takes at once, as LitServe does; above 1 all requests go to a worker
    batch_timeout : seconds that a worker waits for a batch to fill
    unseen_categories, missing_values : whether what training did not show is taken as missing, or refused
    poll : seconds between two looks at the tags; 0: only when asked by POST /reload
    capture : which predictions are recorded: `off`, `all`, or a share of the requests
    capture_folder : where, by date
    capture_gib : the oldest are deleted beyond that
    """

    host: str = "127.0.0.1"
    port: int = 8000
    processes: int = 2
    workers: int = 1
    max_rows: int = 10_000
    max_body: int = 32
    timeout: float = 30.0
    inline_rows: int = 1_000
    max_batch_size: int = 1
    batch_timeout: float = 0.0
    unseen_categories: Policy = "allow"
    missing_values: Policy = "allow"
    poll: float = 10.0
    capture: Capture = "off"
    capture_folder: str = "data/captured"
    capture_gib: float = 10.0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        least = {"port": 1024, "processes": 1, "workers": 1, "max_rows": 1, "max_body": 1, "inline_rows": 0}
        for name, value in {**least, "max_batch_size": 1, "batch_timeout": 0, "poll": 0}.items():
            if getattr(self, name) < value:
                raise InputError(f"serve.{name}: {getattr(self, name)} is below {value}")
        if self.timeout <= 0 or self.capture_gib <= 0:
            raise InputError("serve: timeout and capture_gib must be above 0")
        if self.host not in HOSTS:
            raise InputError(f"serve.host: {self.host} is none of {', '.join(HOSTS)}, which LitServe can listen on")
        known = self.capture in ("off", "all") if isinstance(self.capture, str) else 0 <= self.capture <= 1
        if not known:
            raise InputError(f"serve.capture: {self.capture} is none of off, all and a share between 0 and 1")

    @property
    def share(self) -> float:
        """Which share of the requests is recorded."""
        return {"off": 0.0, "all": 1.0}[self.capture] if isinstance(self.capture, str) else self.capture

    @property
    def policies(self) -> dict[str, Policy]:
        """What is done about values that training did not show, as `Reader` takes it."""
        return {"unseen": self.unseen_categories, "missing": self.missing_values}
