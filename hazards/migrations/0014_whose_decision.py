"""Requests that wait for a decision say whose it is; those decided before stay as they are (trigger)."""

from django.db import migrations

FILL = """
UPDATE hazards_extensionrequest r SET region_id = h.extension_region_id
FROM hazards_hazard h WHERE h.id = r.hazard_id AND r.outcome = ''
"""


class Migration(migrations.Migration):
    dependencies = [("hazards", "0013_extensions_withdrawn_orders_published")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
