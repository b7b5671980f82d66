from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("courses", "0001_initial"), ("accounts", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            "CREATE TRIGGER courses_courserevision_append_only BEFORE UPDATE OR DELETE ON courses_courserevision "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change();",
            "DROP TRIGGER courses_courserevision_append_only ON courses_courserevision;",
        ),
    ]
