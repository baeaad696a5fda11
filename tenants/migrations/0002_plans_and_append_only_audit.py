from django.db import migrations

PLANS = [("STARTER", "Starter"), ("PROFESSIONAL", "Professional"), ("ENTERPRISE", "Enterprise")]

TRIGGER = """
CREATE FUNCTION tenants_auditevent_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON tenants_auditevent
    FOR EACH ROW EXECUTE FUNCTION tenants_auditevent_append_only();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON tenants_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION tenants_auditevent_append_only();
"""
NO_TRIGGER = """
DROP TRIGGER audit_no_truncate ON tenants_auditevent;
DROP TRIGGER audit_append_only ON tenants_auditevent;
DROP FUNCTION tenants_auditevent_append_only();
"""


def add_plans(apps, schema_editor):
    plan = apps.get_model("tenants", "Plan")
    for code, name in PLANS:
        plan.objects.get_or_create(code=code, defaults={"name": name})


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        migrations.RunPython(add_plans, migrations.RunPython.noop),
        migrations.RunSQL(TRIGGER, NO_TRIGGER),
    ]
