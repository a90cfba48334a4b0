"""Backup and restore of both stores: the database, then the keeper's."""
