"""The port to providers of SMS, and those there are (docs/operate/providers.md)."""
