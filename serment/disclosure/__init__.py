"""Sealed fields, purposes and the gate: the one way personal data opens."""
