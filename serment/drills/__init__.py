"""Demo data, simulator of normal life, and the three incidents replayed on synthetic instances."""
