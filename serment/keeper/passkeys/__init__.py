"""Passkeys of staff: the keeper asks, checks and believes; pages and thieves only carry."""
