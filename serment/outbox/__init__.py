"""Durable mail, SMS and letters: holds references, reveals an address only at the moment of sending."""
