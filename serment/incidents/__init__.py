"""From an alarm to a duty done: perimeter, severity, filings, notices, register."""
