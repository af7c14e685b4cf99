"""The browser of the tests of the pages."""

from tests.app.pages.conftest import browse

__all__ = ["browse"]
