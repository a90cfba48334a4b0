"""Durable mail, SMS and letters: holds references, opens an address only while sending."""
