"""What was replaced gives its client id back: the same message may be sent again after its owner went back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0003_search"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="message",
            name="message_client_id_once",
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                condition=models.Q(("client_id__isnull", False), ("replaced_at__isnull", True)),
                fields=("conversation", "client_id"),
                name="message_client_id_once",
            ),
        ),
    ]
