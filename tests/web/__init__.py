"""Tests of serment/web."""
