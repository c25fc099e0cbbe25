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
        ({"min_rows": 1}, "min_rows: must be at least 2; got 1"),
        ({"bins": 1}, "bins: must be at least 2; got 1"),
        ({"confidence": 95}, "confidence: must be between 0 and 1; got 95"),
        ({"fliptest": {"neighbors": 5}}, "fliptest: {'neighbors': 5} must be null or have neighbours, rows, others, each at least 1"),
    ],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused(node, line):
    with pytest.raises(InputError) as refused:
        settings.require_settings(node)
    assert str(refused.value) == line
