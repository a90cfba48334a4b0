"""A stand-in for two providers of SMS, strict where their documents say that they are."""
