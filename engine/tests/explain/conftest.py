"""What the tests share: small fitted models of every family, as they are when loaded."""

import pytest
from engine.tests.models.test_saved import CLASSIFIERS, trained

from cairn.models.saved import Model


@pytest.fixture
def model_of():
    """Give the function that fits a model: `model_of(name, target)`, with the target bought, level or spent."""

    def fitted(name="xgboost", target="bought"):
        return Model(*trained(CLASSIFIERS[name], target), {})

    return fitted
