"""Nobody stands half arrived any more: a link is spent when one whole way to sign in is there."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """One column less; whoever stood half way comes in by the same link, as before."""

    dependencies: ClassVar = [("identity", "0014_accounts_asleep")]

    operations: ClassVar = [migrations.RemoveField("invitation", "wants_key")]
