"""What conf/monitor says, and what it may not say."""

from datetime import timedelta
from pathlib import Path

import pytest

from cairn import config
from cairn.errors import InputError
from cairn.monitoring.settings import AREAS, LIMITS, Settings

ROOT = Path(__file__).parents[3]


def test_conf_says_what_holds_without_it():
    said = config.read_yaml(ROOT / "conf" / "monitor" / "default.yaml")
    assert config.call(said) == Settings()


def test_every_area_has_its_limits():
    assert set(LIMITS) == set(AREAS)


def test_a_window_is_a_time_or_a_number_of_rows():
    assert Settings(window="6h").length == timedelta(hours=6)
    assert Settings(window=500).length == 500


def test_a_measures_own_limits_win_over_its_areas():
    own = {"performance": {"warning": 0.1, "alarm": 0.2, "log_loss": {"warning": None, "alarm": 0.5}}}
    assert Settings(limits=own).limits_of("performance", "roc_auc") == (0.1, 0.2)
    assert Settings(limits=own).limits_of("performance", "log_loss") == (None, 0.5)


def test_an_area_without_limits_is_never_an_alarm():
    assert Settings(limits={}).limits_of("drift", "js_distance") == (None, None)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"window": 0}, "window: must be at least 1 row, or a span such as 1d; got 0"),
        ({"window": "daily"}, "window: 'daily' is not a span of time such as 90m, 24h or 7d"),
        ({"since": "2026-03-01"}, "since: '2026-03-01' is not a span of time such as 90m, 24h or 7d"),
        ({"least_rows": 0}, "least_rows: must be at least 1; got 0"),
        ({"significance": 1.0}, "significance: must be between 0 and 1; got 1.0"),
        ({"limits": {"drfit": {"warning": 0.1, "alarm": 0.2}}}, "limits.drfit: no such area (did you mean 'drift'?)"),
        ({"limits": {"drift": {"alarm": 0.2}}}, "limits.drift: {'alarm': 0.2} must have warning and alarm, each a number or null"),
        ({"limits": {"drift": None}}, "limits.drift: None must have warning and alarm, each a number or null"),
        ({"limits": {"drift": {"warning": "high", "alarm": None}}}, "limits.drift.warning: 'high' must be a number of at least 0, or null"),
        ({"limits": {"drift": {"warning": True, "alarm": None}}}, "limits.drift.warning: True must be a number of at least 0, or null"),
        ({"limits": {"drift": {"warning": 0.3, "alarm": 0.2}}}, "limits.drift: the warning, 0.3, must not be above the alarm, 0.2"),
        ({"limits": {"drift": {"warning": 0.1, "alarm": 0.2, "alrm": 0.3}}}, "limits.drift.alrm: 0.3 must have warning and alarm, each a number or null"),
        ({"limits": {"drift": {"warning": 0.1, "alarm": 0.2, "psi": {"warning": 0, "alarm": 1, "alrm": 2}}}}, "limits.drift.psi.alrm: no such limit (did you mean 'alarm'?)"),
        ({"notify": {"lest": "alarm"}}, "notify.lest: no such key (did you mean 'least'?)"),
        ({"notify": {"least": "all"}}, "notify.least: 'all' must be alarm, warning or never"),
        ({"notify": {"timeout": 0}}, "notify.timeout: 0 must be a number of seconds above 0"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(given, line):
    with pytest.raises(InputError) as refused:
        Settings(**given)
    assert str(refused.value) == line


def test_a_mistake_in_conf_names_the_file(project_conf):
    path = Path("conf/monitor/default.yaml")
    path.write_text(path.read_text().replace("significance: 0.002", "significance: 3.0"))
    with pytest.raises(
        InputError, match=r"^conf/monitor/default.yaml: significance: must be between 0 and 1; got 3.0$"
    ):
        config.check(*config.compose())
