"""Append-only rows any package writes when it saw something odd; the watch reads them."""
