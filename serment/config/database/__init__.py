"""The relational database: its binaries, its process, its roles, its migrations and grants."""
