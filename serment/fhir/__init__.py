"""The partner door, FHIR R4; filled by the work on partners."""
