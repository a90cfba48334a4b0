"""The practice's rules about time: hours, absences, reasons, rooms; why a time is not offered."""
