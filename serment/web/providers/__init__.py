"""Doors for providers of messages, and for whoever reads a message without signing in."""
