"""Data arriving and leaving an establishment, and who holds it since."""
