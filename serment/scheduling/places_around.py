"""Which roles of a specialty lie around a place, nearest first; no slot is looked at here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connections

EARTH_RADIUS_KM = 6371.0
KM_PER_DEGREE = 111.2

# Visible roles of a specialty or profession, with where they are. A box first, by index.
_ROLES = """
SELECT r.id, s.latitude, s.longitude
FROM directory_practitionerrole r
JOIN directory_site s ON s.id = r.site_id
WHERE r.active AND (r.specialty_id = %(code)s OR r.profession_id = %(code)s)
"""
_BOX = """
  AND s.latitude BETWEEN %(south)s AND %(north)s
  AND s.longitude BETWEEN %(west)s AND %(east)s
"""
# Whom somebody may see by video without being their patient: search knows nobody's history.
_BY_VIDEO = """
  AND r.video AND r.takes_new_patients AND EXISTS (
    SELECT FROM scheduling_visitreason v
    WHERE v.role_id = r.id AND v.establishment_id = r.establishment_id
      AND v.active AND v.video AND v.new_patients
  )
"""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a patient may narrow the results by; the defaults narrow nothing."""

    sector: int | None = None
    video: bool = False
    """Visits by video only, open to somebody new, from anywhere: distance no longer counts."""
    step_free: bool = False
    language: str = ""
    new_patients: bool = False


def roles(
    code: str,
    latitude: float,
    longitude: float,
    radius_km: float,
    filters: Filters,
    *,
    using: str,
) -> dict[UUID, float | None]:
    """Every role that fits, with its distance in km, nearest first; none is left out."""
    sql, parameters = _ROLES, _box(latitude, longitude, radius_km) | {"code": code}
    if filters.video:
        sql += _BY_VIDEO
    else:
        sql += _BOX
    if filters.sector is not None:
        sql += " AND r.sector = %(sector)s"
        parameters["sector"] = filters.sector
    if filters.step_free:
        sql += " AND s.step_free"
    if filters.new_patients:
        sql += " AND r.takes_new_patients"
    if filters.language:
        sql += " AND %(language)s = ANY(r.languages)"
        parameters["language"] = filters.language
    with connections[using].cursor() as cursor:
        cursor.execute(sql, parameters)
        rows = cursor.fetchall()
    if filters.video:
        return {role: None for role, _, _ in sorted(rows)}
    # Those of one house are at one distance, worked out once.
    sites = {(lat, lon) for _role, lat, lon in rows}
    far = {site: kilometres(latitude, longitude, *site) for site in sites}
    near = [(far[lat, lon], role) for role, lat, lon in rows]
    return {role: distance for distance, role in sorted(near) if distance <= radius_km}


def kilometres(from_lat: float, from_lon: float, to_lat: float, to_lon: float) -> float:
    """Great-circle distance (haversine)."""
    phi, theta = math.radians(from_lat), math.radians(to_lat)
    half_lat = math.sin((theta - phi) / 2)
    half_lon = math.sin(math.radians(to_lon - from_lon) / 2)
    chord = half_lat**2 + math.cos(phi) * math.cos(theta) * half_lon**2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))


def _box(latitude: float, longitude: float, radius_km: float) -> dict[str, Any]:
    high = radius_km / KM_PER_DEGREE
    wide = high / max(0.01, math.cos(math.radians(latitude)))
    return {
        "south": latitude - high,
        "north": latitude + high,
        "west": longitude - wide,
        "east": longitude + wide,
    }
