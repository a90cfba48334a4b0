"""Pages a patient sees: search, booking, own appointments, who opened my data."""
