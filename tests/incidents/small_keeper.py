"""A keeper with small budgets, for a thief to run into: ``python -m`` with the usual arguments."""

from __future__ import annotations

import sys

from serment.keeper.__main__ import main
from serment.keeper.policy import budgets
from serment.keeper.policy.budgets import HOUR_US, Limit, Scope

SMALL = {
    Scope.ACTOR: (Limit(3, HOUR_US),),
    Scope.CLIENT: (Limit(3, HOUR_US),),
    Scope.PROCESS: (Limit(8, HOUR_US),),
    Scope.ESTABLISHMENT: (Limit(100, HOUR_US),),
}

if __name__ == "__main__":
    for scope, limits in SMALL.items():
        budgets.DEFAULT_LIMITS[scope] = limits  # type: ignore[index] -- of this process only
    sys.exit(main())
