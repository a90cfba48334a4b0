"""Origin of a found file; filled by the work on attribution."""
