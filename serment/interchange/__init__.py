"""Mappers between outside formats (CSV, iCalendar, FHIR) and Serment's terms."""
