"""The process that holds keys and writes the ledger: no Django, no network, no PostgreSQL."""
