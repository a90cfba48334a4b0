"""Continuity sheets: who comes to a site next, sealed to a key that is kept on that site."""
