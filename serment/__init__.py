"""Serment: appointments, teleconsultation and documents where no personal data opens without a record."""
