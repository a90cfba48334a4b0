"""``serment up``: starts Serment's processes in order, watches them, stops them in reverse."""
