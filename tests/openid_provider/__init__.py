"""A strict OpenID provider on loopback, which refuses what the real ones refuse."""
