"""Pages a practice works in: agenda, patients, telephone booking, imports."""
