"""Sign-in with FranceConnect, FranceConnect+ and Pro Santé Connect (docs/decisions/0023)."""
