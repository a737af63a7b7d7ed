"""What was replaced gives its client id back: the same message may be sent again after its owner went back.

PostgreSQL builds the new index beside the old one while the service goes on writing, so nothing here is one transaction
there. Each step is skipped where it was done before: the migration can be run again, and one of the two always holds.
"""

from django.db import migrations, models, transaction

NAME = "message_client_id_once"
FIELDS = ("conversation", "client_id")
EVER = models.Q(("client_id__isnull", False))
IN_THE_THREAD = models.Q(("client_id__isnull", False), ("replaced_at__isnull", True))


def once(condition, name=NAME):
    return models.UniqueConstraint(condition=condition, fields=FIELDS, name=name)


def forwards(apps, schema_editor):
    replace(apps, schema_editor, old=EVER, new=IN_THE_THREAD, beside=f"{NAME}_forwards")


def backwards(apps, schema_editor):
    replace(apps, schema_editor, old=IN_THE_THREAD, new=EVER, beside=f"{NAME}_backwards")


def replace(apps, schema_editor, *, old, new, beside):
    message = apps.get_model("conversations", "message")
    if schema_editor.connection.vendor == "postgresql":
        if not is_valid(schema_editor.connection, beside):
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {beside}")
            created = str(once(new, beside).create_sql(message, schema_editor))
            schema_editor.execute(created.replace("CREATE UNIQUE INDEX", "CREATE UNIQUE INDEX CONCURRENTLY", 1))
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
        schema_editor.execute(f"ALTER INDEX {beside} RENAME TO {NAME}")
        return
    with transaction.atomic(schema_editor.connection.alias):
        schema_editor.remove_constraint(message, once(old))
        schema_editor.add_constraint(message, once(new))


def is_valid(connection, index):
    """Whether an index of this name exists that was built to its end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [index])
        return cursor.fetchone() == (True,)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("conversations", "0003_search"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(forwards, backwards)],
            state_operations=[
                migrations.RemoveConstraint(model_name="message", name=NAME),
                migrations.AddConstraint(model_name="message", constraint=once(IN_THE_THREAD)),
            ],
        )
    ]
