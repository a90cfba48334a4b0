"""Tags of the pages of sign-in."""
