"""Accounts, patient files, staff, sign-in."""
