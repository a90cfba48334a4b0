"""Where the root key comes from, and the vault of epoch secrets that lies beside it."""
