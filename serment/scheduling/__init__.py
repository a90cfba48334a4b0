"""Availability, slot search, holds, bookings."""
