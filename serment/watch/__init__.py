"""Baselines, alarms and containment; filled by the work on watching."""
