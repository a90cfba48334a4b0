"""The INS of a patient file: its traits, what was established, its matricule; all sealed."""

from django.db import migrations

from serment.disclosure import Sealed


def _added(name, label):
    return migrations.AddField("PatientFile", name, Sealed(zone="identity", label=label))


class Migration(migrations.Migration):
    dependencies = [("identity", "0006_openid_identities")]

    operations = [
        _added("first_birth_given_name", "premier prénom de naissance"),
        _added("birth_given_names", "prénoms de naissance"),
        _added("birth_place", "lieu de naissance"),
        _added("ins_standing", "état de l’identité"),
        _added("ins", "matricule INS"),
    ]
