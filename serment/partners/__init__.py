"""Agreements with partner software, their credentials and budgets; filled by the work on the partner door."""
