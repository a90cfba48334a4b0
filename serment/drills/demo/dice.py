"""Chance that repeats: the same seed and words give the same draws, whatever else is drawn."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import TypeVar

Thing = TypeVar("Thing")

Dice = random.Random


def dice(seed: int, *words: object) -> Dice:
    """A generator of its own for each part of the plan, so that parts do not shift each other."""
    return random.Random(":".join(map(str, (seed, *words))))  # noqa: S311 -- not for secrets


def weighted(rolled: Dice, weights: Mapping[Thing, float]) -> Thing:
    """One key, by its weight."""
    return rolled.choices(list(weights), list(weights.values()))[0]
