"""What a file of conf/report may say."""

import pytest

from cairn.errors import InputError
from cairn.report.settings import check

WHOLE = {"profile": None, "bias": None, "explain": None, "page": None}


def test_a_choice_names_every_part_and_no_other():
    check(WHOLE)
    with pytest.raises(InputError, match=r"^pages: no such part of the report \(did you mean 'page'\?\)$"):
        check({**WHOLE, "pages": None})
    with pytest.raises(InputError, match=r"^bias is missing; write `bias: null` to leave it out$"):
        check({key: None for key in WHOLE if key != "bias"})
