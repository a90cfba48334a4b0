"""Serment: appointments and teleconsultation where no personal data opens without a record."""
