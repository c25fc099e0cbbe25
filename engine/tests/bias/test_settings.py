import pytest

from cairn.bias import settings
from cairn.errors import InputError


def test_a_whole_audit_is_left_out_with_a_reason():
    assert settings.left_out(None, "binary", ["sex"]) == {"all": "report.bias is null"}
    assert settings.left_out({}, "binary", []) == {"all": "data.sensitive names no column"}


def test_a_regression_leaves_out_nothing_that_it_could_have():
    assert settings.left_out({}, "regression", ["sex"]) == {}


@pytest.mark.parametrize(
    ("node", "line"),
    [
        ({"min_rows": 1}, "min_rows: 1 is too small; choose 2 or more"),
        ({"bins": 1}, "bins: 1 is too small; choose 2 or more"),
        ({"confidence": 95}, "confidence: 95 is not between 0 and 1"),
        ({"fliptest": {"neighbors": 5}}, "fliptest: {'neighbors': 5} is not understood; give neighbours, rows, others, each 1 or more, or null"),
    ],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused(node, line):
    with pytest.raises(InputError) as refused:
        settings.require_settings(node)
    assert str(refused.value) == line
