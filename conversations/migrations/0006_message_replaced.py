"""The index by which the messages that were replaced are counted.

PostgreSQL builds it while the service goes on writing. What an interrupted build left, or an earlier state of this
project, is dropped first: the migration can be run again.
"""

from django.db import migrations, models, transaction

INDEX = models.Index(
    condition=models.Q(("replaced_at__isnull", False)), fields=["conversation"], name="message_replaced"
)


def forwards(apps, schema_editor):
    message = apps.get_model("conversations", "message")
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX.name}")
        schema_editor.add_index(message, INDEX, concurrently=True)
        return
    with transaction.atomic(schema_editor.connection.alias):
        schema_editor.execute(f"DROP INDEX IF EXISTS {INDEX.name}")
        schema_editor.add_index(message, INDEX)


def backwards(apps, schema_editor):
    live = " CONCURRENTLY" if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"DROP INDEX{live} IF EXISTS {INDEX.name}")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("conversations", "0005_everything_deleted"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(forwards, backwards)],
            state_operations=[migrations.AddIndex(model_name="message", index=INDEX)],
        )
    ]
