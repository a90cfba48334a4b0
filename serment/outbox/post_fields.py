"""What an errand for a message may open of a person, and seal."""

from __future__ import annotations

from typing import Final

PERSON_FIELDS: Final = ("patient.email", "patient.phone", "patient.safe_contact")
"""Fields of the patient file behind the record: how the person wants to be reached, and then the
one address or number it comes to."""

SEALS_CANCELLATION: Final = "seal.cancellation"
"""What an errand for reminders may besides: seal, once and unread, why its visit was cancelled by
the link of a message (docs/decisions/0064)."""
