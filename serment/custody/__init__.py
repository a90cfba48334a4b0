"""Data arriving from and leaving for elsewhere, and who holds it since."""
