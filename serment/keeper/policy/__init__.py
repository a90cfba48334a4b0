"""How much may be opened, by whom no longer, and what two people have to approve."""
