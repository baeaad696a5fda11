import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0002_marks"),
    ]

    operations = [
        migrations.CreateModel(
            name="IdentityMove",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("WA_ID", "Wa Id"),
                            ("BSUID", "Bsuid"),
                            ("PARENT_BSUID", "Parent Bsuid"),
                        ],
                        max_length=20,
                    ),
                ),
                ("match_key", models.CharField(max_length=150)),
                ("moved_at", models.DateTimeField()),
                ("new_match_key", models.CharField(max_length=150)),
                ("new_value", models.CharField(max_length=150)),
            ],
        ),
        migrations.RemoveConstraint(model_name="contactidentity", name="identity_unique"),
        migrations.RemoveConstraint(model_name="conversation", name="conversation_unique"),
        migrations.AddField(
            model_name="contact",
            name="merged_into",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="conversations.contact",
            ),
        ),
        migrations.AddField(
            model_name="conversation",
            name="merged_into",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="conversations.conversation",
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)),
                fields=["merged_into"],
                name="contact_merged",
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)),
                fields=["merged_into"],
                name="conversation_merged",
            ),
        ),
        migrations.AddConstraint(
            model_name="contactidentity",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "PARENT_BSUID"), _negated=True),
                fields=("kind", "match_key"),
                name="identity_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="contactidentity",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "PARENT_BSUID")),
                fields=("kind", "match_key", "contact"),
                name="identity_parent_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("merged_into__isnull", True)),
                fields=("phone", "contact"),
                name="conversation_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="identitymove",
            constraint=models.UniqueConstraint(
                fields=("kind", "match_key", "moved_at"), name="identity_move_unique"
            ),
        ),
    ]
