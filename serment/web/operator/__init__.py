"""Pages of the operator, who never reads patient data; filled by the work on operation."""
