"""The keeper of one test's own, as in the keeper's tests."""

from tests.keeper.conftest import own_keeper

__all__ = ["own_keeper"]
