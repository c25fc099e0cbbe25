"""What the tests of the template share with those of the library."""

from engine.tests.configuration import project_conf

__all__ = ["project_conf"]
