"""What the columns of a practice's patient list are called, and which field each one is. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_SYNONYMS: dict[str, str] = {
    "name": "nom;nom patient;nom du patient;nom de famille;last name;lastname;surname;family name",
    "used_name": "nom usage;nom d usage;nom usuel;nom utilise;nom marital;nom epouse;nom d epouse",
    "birth_name": "nom naissance;nom de naissance;nom jeune fille;nom de jeune fille;nom jf;njf;"
    "nom patronymique;maiden name;birth name;nom naiss",
    "given_name": "prenom;prenoms;prenom usuel;prenom usage;prenom utilise;prenom du patient;"
    "prenom patient;1er prenom;premier prenom;prenom de naissance;first name;firstname;given name",
    "full_name": "nom prenom;nom et prenom;nom prenoms;patient;nom complet;identite",
    "birth_date": "date naissance;date de naissance;ddn;ne le;nee le;ne e le;naissance;date naiss;"
    "datenaissance;birth date;birthdate;date of birth;dob;d naissance",
    "sex": "sexe;sex;genre;gender;civilite;civ;titre",
    "phone": "tel;telephone;tel fixe;telephone fixe;tel domicile;telephone domicile;fixe;tel 1;"
    "telephone 1;phone;numero de telephone;tel dom;tph",
    "mobile": "portable;mobile;tel portable;telephone portable;tel mobile;telephone mobile;gsm;"
    "port;tel 2;telephone 2;cell;mobile phone",
    "email": "email;mail;e mail;courriel;adresse mail;adresse email;adresse e mail;"
    "adresse electronique;mel",
    "address": "adresse;adresse 1;adresse1;rue;voie;adresse postale;address;ligne adresse",
    "address_more": "adresse 2;adresse2;complement;complement adresse;complement d adresse",
    "postcode": "cp;code postal;codepostal;postcode;postal code;zip",
    "city": "ville;commune;localite;city;town",
    "source_reference": "n dossier;no dossier;num dossier;numero dossier;numero de dossier;"
    "n de dossier;dossier;ref;reference;code patient;id patient;identifiant;id;ipp;n patient;"
    "numero patient;no patient;n fiche;numero fiche",
}

FIELD_OF = {name: field for field, names in _SYNONYMS.items() for name in names.split(";")}
FAULTS_COLUMNS = ("a corriger", "to correct")
"""The column that refused lines are given back with; it may stay where it is."""
_FAMILY = ("name", "used_name", "birth_name")


def recognised() -> dict[str, tuple[str, ...]]:
    """Column of ours → every header that is taken for it, without accents, case and signs."""
    return {field: tuple(names.split(";")) for field, names in _SYNONYMS.items()}


def folded(text: str) -> str:
    """A header without accents, case and signs: "N° DOSSIER" → "n dossier"."""
    plain = "".join(
        char
        for char in unicodedata.normalize("NFKD", text.replace("°", " ").replace("º", " "))
        if not unicodedata.combining(char)
    )
    return re.sub(r"[^a-z0-9]+", " ", plain.lower()).strip()


def fields_of(cells: Sequence[str]) -> list[str]:
    """The field of each column, "" where it is none we take; the first column of a field wins.

    A social security number has no synonym here on purpose: it does not belong in an agenda.
    """
    found: list[str] = []
    for cell in cells:
        field = FIELD_OF.get(folded(cell), "")
        found.append("" if field in found else field)
    return found


def is_faults_column(cell: str) -> bool:
    """Whether a header is the one we added to the lines we gave back."""
    return folded(cell) in FAULTS_COLUMNS


def is_header(fields: Sequence[str]) -> bool:
    """Enough to know whose each line is."""
    named = any(field in fields for field in _FAMILY)
    return "full_name" in fields or ("given_name" in fields and named)
