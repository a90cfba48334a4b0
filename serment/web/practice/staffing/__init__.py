"""Pages about the house's own team: who works here, comes, changes, leaves; what they may do."""
