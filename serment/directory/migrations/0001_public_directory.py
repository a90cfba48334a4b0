"""The public directory: its tables, the walls round them, and the check of RPPS numbers."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

import serment.directory.models
import serment.ids
from serment.directory.tenancy import EVERYBODY, TENANT, Wall

# Tables that no establishment owns are written by the owner of the database alone.
BY_OWNER = "current_user = 'serment_owner'"
STANDING = f"NULLIF(current_setting('{TENANT}', true), '') IS NOT NULL"
OWN_ROW = f"id = NULLIF(current_setting('{TENANT}', true), '')::uuid"

KEY = ["code", "slug", "label_fr", "label_en", "person_fr", "person_en", "words_fr", "words_en", "bookable", "searched_as"]
ESTABLISHMENT = ["id", "slug", "name", "kind", "phone", "folded"]
PRACTITIONER = ["id", "rpps", "slug", "title", "given_name", "family_name", "folded"]
COMMUNE = ["code", "slug", "name", "folded", "department", "postcodes", "latitude", "longitude", "approximate", "population"]
SITE = [
    "id", "establishment_id", "slug", "name", "address_line", "postcode", "city", "commune_code",
    "latitude", "longitude", "timezone", "holiday_region", "phone", "step_free",
    "access_note_fr", "access_note_en", "bring_fr", "bring_en",
]
ROLE = [
    "id", "establishment_id", "site_id", "practitioner_id", "profession_id", "specialty_id",
    "sector", "languages", "takes_new_patients", "video", "active", "fees_note", "position",
]


def reference(table, columns):
    """Everybody reads; the owner of the database writes."""
    return Wall(table, read=[EVERYBODY], write=[BY_OWNER], web="SELECT", worker="SELECT", search=columns)


def _luhn():
    """Luhn's sum over eleven digits, written out: each second digit from the right counts double."""
    terms = []
    for place in range(1, 12):
        digit = f"substr(rpps, {place}, 1)::int"
        terms.append(f"(2 * {digit}) / 10 + (2 * {digit}) % 10" if place % 2 == 0 else digit)
    # CASE: the casts must not run on what the shape constraint is about to refuse.
    return f"CASE WHEN rpps ~ '^[0-9]{{11}}$' THEN ({' + '.join(terms)}) % 10 = 0 ELSE false END"


WALLS = [
    reference("directory_profession", KEY),
    reference("directory_specialty", KEY),
    reference("directory_commune", COMMUNE),
    reference("directory_practitioner", PRACTITIONER),
    # An establishment may enter a practitioner the directory does not know yet; it may not change
    # one afterwards, for others rely on the same row.
    migrations.RunSQL(
        [
            "CREATE POLICY directory_practitioner_enter ON directory_practitioner FOR INSERT"
            f" TO serment_web, serment_worker WITH CHECK ({STANDING})",
            "GRANT INSERT ON directory_practitioner TO serment_web, serment_worker",
        ],
        reverse_sql="DROP POLICY directory_practitioner_enter ON directory_practitioner",
    ),
    Wall("directory_establishment", read=[EVERYBODY], write=[OWN_ROW], search=ESTABLISHMENT),
    Wall("directory_site", read=[EVERYBODY], search=SITE),
    Wall("directory_practitionerrole", read=[EVERYBODY], search=ROLE),
    migrations.RunSQL(
        f"ALTER TABLE directory_practitioner ADD CONSTRAINT practitioner_rpps_luhn CHECK ({_luhn()})",
        reverse_sql="ALTER TABLE directory_practitioner DROP CONSTRAINT practitioner_rpps_luhn",
    ),
]


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Establishment',
            fields=[
                ('id', models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('slug', models.SlugField(max_length=80, unique=True)),
                ('name', models.CharField(max_length=120, verbose_name='nom')),
                ('kind', models.CharField(choices=[('hospital', 'hôpital ou clinique'), ('practice', 'cabinet'), ('center', 'centre de santé'), ('teleconsultation', 'téléconsultation')], max_length=20, verbose_name='type')),
                ('phone', models.CharField(blank=True, max_length=20, verbose_name='téléphone')),
                ('folded', models.GeneratedField(db_persist=True, expression=models.Func(django.db.models.functions.text.Lower(models.F('name')), models.Value("àáâãäåçèéêëìíîïñòóôõöøùúûüýÿ-'’"), models.Value('aaaaaaceeeeiiiinoooooouuuuyy   '), function='translate'), output_field=models.TextField())),
            ],
            options={
                'indexes': [models.Index(fields=['folded'], name='establishment_folded', opclasses=['text_pattern_ops'])],
            },
        ),
        migrations.CreateModel(
            name='Profession',
            fields=[
                ('code', models.CharField(max_length=8, primary_key=True, serialize=False)),
                ('slug', models.SlugField(max_length=80, unique=True)),
                ('label_fr', models.CharField(max_length=120)),
                ('label_en', models.CharField(max_length=120)),
                ('person_fr', models.CharField(max_length=80)),
                ('person_en', models.CharField(max_length=80)),
                ('words_fr', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list, size=None)),
                ('words_en', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list, size=None)),
                ('bookable', models.BooleanField(default=False)),
                ('searched_as', models.CharField(blank=True, max_length=8)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Specialty',
            fields=[
                ('code', models.CharField(max_length=8, primary_key=True, serialize=False)),
                ('slug', models.SlugField(max_length=80, unique=True)),
                ('label_fr', models.CharField(max_length=120)),
                ('label_en', models.CharField(max_length=120)),
                ('person_fr', models.CharField(max_length=80)),
                ('person_en', models.CharField(max_length=80)),
                ('words_fr', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list, size=None)),
                ('words_en', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list, size=None)),
                ('bookable', models.BooleanField(default=False)),
                ('searched_as', models.CharField(blank=True, max_length=8)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Commune',
            fields=[
                ('code', models.CharField(max_length=5, primary_key=True, serialize=False)),
                ('slug', models.SlugField(max_length=80, unique=True)),
                ('name', models.CharField(max_length=80)),
                ('folded', models.CharField(max_length=80)),
                ('department', models.CharField(db_index=True, max_length=3)),
                ('postcodes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=5), default=list, size=None)),
                ('latitude', models.FloatField()),
                ('longitude', models.FloatField()),
                ('approximate', models.BooleanField(default=False)),
                ('population', models.PositiveIntegerField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('folded__regex', '^[a-z0-9 ]+$')), name='commune_folded_plain')],
            },
        ),
        migrations.CreateModel(
            name='Practitioner',
            fields=[
                ('id', models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('rpps', models.CharField(max_length=11, unique=True, validators=[serment.directory.models._valid_rpps], verbose_name='RPPS')),
                ('slug', models.SlugField(max_length=120, unique=True)),
                ('title', models.CharField(blank=True, max_length=20, verbose_name='titre')),
                ('given_name', models.CharField(max_length=80, verbose_name='prénom')),
                ('family_name', models.CharField(max_length=80, verbose_name='nom')),
                ('folded', models.GeneratedField(db_persist=True, expression=models.Func(django.db.models.functions.text.Lower(django.db.models.functions.text.Concat(models.F('family_name'), models.Value(' '), models.F('given_name'))), models.Value("àáâãäåçèéêëìíîïñòóôõöøùúûüýÿ-'’"), models.Value('aaaaaaceeeeiiiinoooooouuuuyy   '), function='translate'), output_field=models.TextField())),
            ],
            options={
                'indexes': [models.Index(fields=['folded'], name='practitioner_folded', opclasses=['text_pattern_ops'])],
                'constraints': [models.CheckConstraint(condition=models.Q(('rpps__regex', '^[0-9]{11}$')), name='practitioner_rpps_shape')],
            },
        ),
        migrations.CreateModel(
            name='Site',
            fields=[
                ('id', models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('slug', models.SlugField(max_length=80)),
                ('name', models.CharField(max_length=120, verbose_name='nom')),
                ('address_line', models.CharField(max_length=200, verbose_name='adresse')),
                ('postcode', models.CharField(max_length=5, verbose_name='code postal')),
                ('city', models.CharField(max_length=80, verbose_name='ville')),
                ('commune_code', models.CharField(db_index=True, max_length=5)),
                ('latitude', models.FloatField()),
                ('longitude', models.FloatField()),
                ('timezone', models.CharField(default='Europe/Paris', max_length=40, validators=[serment.directory.models._known_timezone])),
                ('holiday_region', models.CharField(default='FR', max_length=8)),
                ('phone', models.CharField(blank=True, max_length=20, verbose_name='téléphone')),
                ('step_free', models.BooleanField(default=False, verbose_name='accès de plain-pied')),
                ('access_note_fr', models.TextField(blank=True, verbose_name='accès, en français')),
                ('access_note_en', models.TextField(blank=True, verbose_name='accès, en anglais')),
                ('bring_fr', models.TextField(blank=True, verbose_name='à apporter, en français')),
                ('bring_en', models.TextField(blank=True, verbose_name='à apporter, en anglais')),
                ('establishment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sites', to='directory.establishment')),
            ],
        ),
        migrations.CreateModel(
            name='PractitionerRole',
            fields=[
                ('id', models.UUIDField(default=serment.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('sector', models.PositiveSmallIntegerField(blank=True, choices=[(1, 'secteur 1'), (2, 'secteur 2')], null=True, verbose_name='secteur')),
                ('languages', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('fr', 'français'), ('en', 'anglais'), ('ar', 'arabe'), ('es', 'espagnol'), ('de', 'allemand'), ('it', 'italien'), ('pt', 'portugais'), ('tr', 'turc'), ('ru', 'russe'), ('uk', 'ukrainien'), ('ro', 'roumain'), ('pl', 'polonais'), ('zh', 'chinois'), ('vi', 'vietnamien'), ('ta', 'tamoul'), ('gcf', 'créole'), ('br', 'breton'), ('gsw', 'alsacien'), ('lsf', 'langue des signes (LSF)')], max_length=3), default=list, size=None)),
                ('takes_new_patients', models.BooleanField(default=True, verbose_name='accepte de nouveaux patients')),
                ('video', models.BooleanField(default=False, verbose_name='téléconsultation')),
                ('active', models.BooleanField(default=True, verbose_name='visible')),
                ('fees_note', models.CharField(blank=True, max_length=300, verbose_name='tarifs')),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('establishment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='roles', to='directory.establishment')),
                ('practitioner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='roles', to='directory.practitioner')),
                ('profession', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='roles', to='directory.profession')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='roles', to='directory.site')),
                ('specialty', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='roles', to='directory.specialty')),
            ],
        ),
        migrations.AddIndex(
            model_name='site',
            index=models.Index(fields=['latitude', 'longitude'], name='site_where'),
        ),
        migrations.AddConstraint(
            model_name='site',
            constraint=models.UniqueConstraint(fields=('establishment', 'slug'), name='site_slug_once'),
        ),
        migrations.AddConstraint(
            model_name='site',
            constraint=models.CheckConstraint(condition=models.Q(('latitude__range', (-90, 90)), ('longitude__range', (-180, 180))), name='site_on_earth'),
        ),
        migrations.AddIndex(
            model_name='practitionerrole',
            index=models.Index(fields=['specialty', 'site'], name='role_specialty_site'),
        ),
        migrations.AddIndex(
            model_name='practitionerrole',
            index=models.Index(fields=['profession', 'site'], name='role_profession_site'),
        ),
        migrations.AddConstraint(
            model_name='practitionerrole',
            constraint=models.UniqueConstraint(fields=('establishment', 'site', 'practitioner', 'profession', 'specialty'), name='role_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='practitionerrole',
            constraint=models.CheckConstraint(condition=models.Q(('sector__isnull', True), ('sector__in', [1, 2]), _connector='OR'), name='role_sector_known'),
        ),
        *WALLS,
    ]
