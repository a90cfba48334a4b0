"""Establishments, sites, practitioners, specialties, places and public holidays: what is public."""
