"""The public directory's tables: establishments, sites, practitioners, specialties, communes.

Everything here is public and stays in clear: a practitioner's published entry, an office's address
and telephone. What is private about the same people lives sealed in ``identity``.
Every table is walled: all may read; only the establishment named in ``serment.tenant`` writes its
own rows, and the tables that no establishment owns are written by the database's owner.
"""

from __future__ import annotations

from zoneinfo import available_timezones

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Concat, Lower
from django.utils.translation import gettext_lazy as _

from serment import ids
from serment.directory import rpps


class Language(models.TextChoices):
    """Languages a practitioner may speak with a patient: ISO 639-1, and French Sign Language."""

    FRENCH = "fr", _("français")
    ENGLISH = "en", _("anglais")
    ARABIC = "ar", _("arabe")
    SPANISH = "es", _("espagnol")
    GERMAN = "de", _("allemand")
    ITALIAN = "it", _("italien")
    PORTUGUESE = "pt", _("portugais")
    TURKISH = "tr", _("turc")
    RUSSIAN = "ru", _("russe")
    UKRAINIAN = "uk", _("ukrainien")
    ROMANIAN = "ro", _("roumain")
    POLISH = "pl", _("polonais")
    CHINESE = "zh", _("chinois")
    VIETNAMESE = "vi", _("vietnamien")
    TAMIL = "ta", _("tamoul")
    CREOLE = "gcf", _("créole")
    BRETON = "br", _("breton")
    ALSATIAN = "gsw", _("alsacien")
    SIGN = "lsf", _("langue des signes (LSF)")


class Sector(models.IntegerChoices):
    """Agreement of a practitioner with the health insurance; none means outside any agreement."""

    ONE = 1, _("secteur 1")
    TWO = 2, _("secteur 2")


def _known_timezone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("Ce fuseau horaire n’existe pas."))


def _valid_rpps(number: str) -> None:
    if not rpps.is_valid(number):
        raise ValidationError(rpps.SENTENCE)


_ACCENTED = "àáâãäåçèéêëìíîïñòóôõöøùúûüýÿ-'’"
_PLAIN = "aaaaaaceeeeiiiinoooooouuuuyy   "


def _folded(*columns: str) -> models.Func:
    """Lower case without accents or hyphens, computed by PostgreSQL, so that no writer forgets."""
    joined: models.F | Concat = models.F(columns[0])
    for column in columns[1:]:
        joined = Concat(joined, models.Value(" "), models.F(column))
    return models.Func(
        Lower(joined), models.Value(_ACCENTED), models.Value(_PLAIN), function="translate"
    )


class Establishment(models.Model):
    """A tenant and controller of its own files: practice, centre or hospital."""

    class Kind(models.TextChoices):
        """What sort of house it is, as a patient would say."""

        HOSPITAL = "hospital", _("hôpital ou clinique")
        PRACTICE = "practice", _("cabinet")
        CENTER = "center", _("centre de santé")
        TELECONSULTATION = "teleconsultation", _("téléconsultation")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(_("nom"), max_length=120)
    kind = models.CharField(_("type"), max_length=20, choices=Kind)
    phone = models.CharField(_("téléphone"), max_length=20, blank=True)
    lock_minutes = models.PositiveSmallIntegerField(_("verrouillage (minutes)"), default=5)
    folded = models.GeneratedField(
        expression=_folded("name"), output_field=models.TextField(), db_persist=True
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["folded"], opclasses=["text_pattern_ops"], name="establishment_folded"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    """An address of an establishment, with its own time zone and holidays."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(Establishment, models.PROTECT, related_name="sites")
    slug = models.SlugField(max_length=80)
    name = models.CharField(_("nom"), max_length=120)
    address_line = models.CharField(_("adresse"), max_length=200)
    postcode = models.CharField(_("code postal"), max_length=5)
    city = models.CharField(_("ville"), max_length=80)
    commune_code = models.CharField(max_length=5, db_index=True)
    latitude = models.FloatField()
    longitude = models.FloatField()
    timezone = models.CharField(max_length=40, default="Europe/Paris", validators=[_known_timezone])
    holiday_region = models.CharField(max_length=8, default="FR")
    phone = models.CharField(_("téléphone"), max_length=20, blank=True)
    step_free = models.BooleanField(_("accès de plain-pied"), default=False)
    access_note_fr = models.TextField(_("accès, en français"), blank=True)
    access_note_en = models.TextField(_("accès, en anglais"), blank=True)
    bring_fr = models.TextField(_("à apporter, en français"), blank=True)
    bring_en = models.TextField(_("à apporter, en anglais"), blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["establishment", "slug"], name="site_slug_once"),
            models.CheckConstraint(
                condition=models.Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="site_on_earth",
            ),
        ]
        indexes = [models.Index(fields=["latitude", "longitude"], name="site_where")]

    def __str__(self) -> str:
        return self.name


class SearchKey(models.Model):
    """What a patient looks for: a specialty or a profession, with the words patients use."""

    code = models.CharField(primary_key=True, max_length=8)
    slug = models.SlugField(max_length=80, unique=True)
    label_fr = models.CharField(max_length=120)
    label_en = models.CharField(max_length=120)
    person_fr = models.CharField(max_length=80)
    person_en = models.CharField(max_length=80)
    words_fr = ArrayField(models.CharField(max_length=60), default=list)
    words_en = ArrayField(models.CharField(max_length=60), default=list)
    bookable = models.BooleanField(default=False)
    # The order lists general practice and others under several codes; patients know one.
    searched_as = models.CharField(max_length=8, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.label_fr

    def label(self, language: str) -> str:
        """Name of the field in the reader's language."""
        return self.label_en if language.startswith("en") else self.label_fr

    def person(self, language: str) -> str:
        """Name of the person who practises it, in the reader's language."""
        return self.person_en if language.startswith("en") else self.person_fr


class Profession(SearchKey):
    """A health profession (ANS, TRE_G15-ProfessionSante)."""


class Specialty(SearchKey):
    """A specialty of the medical order (ANS, TRE_R38-SpecialiteOrdinale)."""


class Practitioner(models.Model):
    """A health professional as published: one person, however many places."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    rpps = models.CharField("RPPS", max_length=11, unique=True, validators=[_valid_rpps])
    slug = models.SlugField(max_length=120, unique=True)
    title = models.CharField(_("titre"), max_length=20, blank=True)
    given_name = models.CharField(_("prénom"), max_length=80)
    family_name = models.CharField(_("nom"), max_length=80)
    folded = models.GeneratedField(
        expression=_folded("family_name", "given_name"),
        output_field=models.TextField(),
        db_persist=True,
    )

    class Meta:
        constraints = [
            # The Luhn check itself is a second constraint, written in SQL by migration 0001.
            models.CheckConstraint(
                condition=models.Q(rpps__regex=r"^[0-9]{11}$"), name="practitioner_rpps_shape"
            ),
        ]
        indexes = [
            models.Index(
                fields=["folded"], opclasses=["text_pattern_ops"], name="practitioner_folded"
            )
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """As on the door: title, given name, family name."""
        return " ".join(part for part in (self.title, self.given_name, self.family_name) if part)


class PractitionerRole(models.Model):
    """A practitioner at one site of one establishment: what a patient books with."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    establishment = models.ForeignKey(Establishment, models.PROTECT, related_name="roles")
    site = models.ForeignKey(Site, models.PROTECT, related_name="roles")
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, related_name="roles")
    profession = models.ForeignKey(Profession, models.PROTECT, related_name="roles")
    specialty = models.ForeignKey(
        Specialty, models.PROTECT, related_name="roles", null=True, blank=True
    )
    sector = models.PositiveSmallIntegerField(_("secteur"), choices=Sector, null=True, blank=True)
    languages = ArrayField(models.CharField(max_length=3, choices=Language), default=list)
    takes_new_patients = models.BooleanField(_("accepte de nouveaux patients"), default=True)
    video = models.BooleanField(_("téléconsultation"), default=False)
    active = models.BooleanField(_("visible"), default=True)
    fees_note = models.CharField(_("tarifs"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["establishment", "site", "practitioner", "profession", "specialty"],
                name="role_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(sector__isnull=True) | models.Q(sector__in=[1, 2]),
                name="role_sector_known",
            ),
        ]
        indexes = [
            models.Index(fields=["specialty", "site"], name="role_specialty_site"),
            models.Index(fields=["profession", "site"], name="role_profession_site"),
        ]

    def __str__(self) -> str:
        return str(self.practitioner)

    def person(self, language: str) -> str:
        """What a patient calls this practitioner: the specialty's noun, else the profession's."""
        return (self.specialty or self.profession).person(language)


class Commune(models.Model):
    """A French commune with its postcodes and the place it is at."""

    code = models.CharField(primary_key=True, max_length=5)
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=80)
    folded = models.CharField(max_length=80)
    department = models.CharField(max_length=3, db_index=True)
    postcodes = ArrayField(models.CharField(max_length=5), default=list)
    latitude = models.FloatField()
    longitude = models.FloatField()
    approximate = models.BooleanField(default=False)
    population = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(folded__regex=r"^[a-z0-9 ]+$"), name="commune_folded_plain"
            ),
        ]

    def __str__(self) -> str:
        return self.name
