"""Pages of the privacy officer; filled by the work on incidents."""
