"""What a server says of a request that is wrong: a status, a line, and where the trouble is."""

from collections.abc import Sequence
from typing import Any

from cairn.rows.records import RowsError, Trouble


class RequestError(Exception):
    """A request that is answered with an error of the client's.

    Parameters
    ----------
    status : of HTTP, from 400 to 499, or 503 for what the server cannot do now
    message : one line
    troubles : the rows and columns, where it is about those
    """

    def __init__(self, status: int, message: str, troubles: Sequence[Trouble] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.troubles = list(troubles)

    @classmethod
    def of(cls, refused: RowsError) -> "RequestError":
        """Say which rows are refused."""
        first = refused.troubles[0]
        where = "" if first.row is None else f"row {first.row}: "
        more = f"; {len(refused.troubles) - 1} more" if len(refused.troubles) > 1 else ""
        return cls(422, f"{where}{first.message}{more}", refused.troubles)

    def to_json(self, request_id: str) -> dict[str, Any]:
        """Give the body of the answer."""
        details = [each._asdict() for each in self.troubles]
        return {"error": self.message, "details": details, "request_id": request_id}
