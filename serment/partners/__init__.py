"""Agreements with partner software, their credentials and budgets; filled later."""
