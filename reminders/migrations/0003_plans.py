"""Plans with steps, texts, bounces, escalations; the ledger learns which plan and step a mail came from."""

import datetime

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('courses', '0002_revisions_never_change'),
        ('reminders', '0002_transitions'),
        ('training', '0002_records_never_change'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ReminderPlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('standard', models.BooleanField(default=False)),
                ('opens', models.TimeField(default=datetime.time(8, 0), verbose_name='from')),
                ('closes', models.TimeField(blank=True, default=datetime.time(18, 0), null=True, verbose_name='until before')),
                ('weekdays', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), default=list, size=None, verbose_name='on these days')),
                ('skips_holidays', models.BooleanField(default=True, verbose_name='not on public holidays in Poland')),
                ('catch_up_days', models.PositiveSmallIntegerField(default=14, verbose_name='at most this many days late')),
                ('digest_weekday', models.PositiveSmallIntegerField(blank=True, default=None, null=True, verbose_name='weekly digest on')),
                ('version', models.PositiveIntegerField(default=1)),
                ('updated_at', models.DateTimeField(blank=True, null=True)),
                ('updated_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='PlanStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('anchor', models.CharField(choices=[('assigned', 'the assignment'), ('due', 'the due date'), ('expiry', 'the end of the earlier completion'), ('completed', 'the completion')], max_length=10)),
                ('offset_days', models.SmallIntegerField()),
                ('repeat_days', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('audience', models.CharField(choices=[('person', 'the person'), ('manager', 'the department’s managers'), ('hr', 'HR')], default='person', max_length=8)),
                ('text', models.CharField(choices=[('assigned', 'assigned'), ('before', 'before the due date'), ('overdue', 'overdue'), ('done', 'completed, with the certificate'), ('expiring', 'the completion expires'), ('nudge', 'nudge from the manager'), ('escalation', 'escalation to managers and HR'), ('digest', 'weekly digest for managers'), ('digest_hr', 'weekly digest for HR')], max_length=12)),
                ('since', models.DateField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name='reminder',
            name='kind',
            field=models.CharField(choices=[('step', 'step of a plan'), ('nudge', 'nudge'), ('escalation', 'escalation'), ('digest', 'weekly digest')], default='step', max_length=10),
        ),
        migrations.AlterField(
            model_name='reminder',
            name='cycle',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reminders', to='training.cycle'),
        ),
        migrations.AlterField(
            model_name='reminder',
            name='reason',
            field=models.CharField(blank=True, choices=[('', ''), ('completed', 'the person had completed the course'), ('left', 'the person had left'), ('waived', 'the duty was waived'), ('on_leave', 'the person was on leave'), ('due_moved', 'the due date had moved'), ('plan_changed', 'the step was taken out of the plan'), ('newer', 'a newer step was due on the same day or before this one was sent'), ('too_late', 'the step was missed by more days than the plan makes up for'), ('bounced', 'mail to the person’s address came back'), ('nothing_to_say', 'nobody was overdue any more'), ('not_responsible', 'the recipient was no longer responsible'), ('given_up', 'HR decided that it is not to be sent'), ('one_a_day', 'the person already got a mail that day'), ('quiet_hours', 'it was due in quiet hours'), ('day_off', 'it was due on a day without mails'), ('holiday', 'it was due on a public holiday'), ('try_again', 'the mail server did not take it yet'), ('unwritable', 'the text of the mail could not be filled in'), ('refused', 'the mail server refused the address')], default='', max_length=20),
        ),
        migrations.AlterField(
            model_name='reminderevent',
            name='reason',
            field=models.CharField(blank=True, choices=[('', ''), ('completed', 'the person had completed the course'), ('left', 'the person had left'), ('waived', 'the duty was waived'), ('on_leave', 'the person was on leave'), ('due_moved', 'the due date had moved'), ('plan_changed', 'the step was taken out of the plan'), ('newer', 'a newer step was due on the same day or before this one was sent'), ('too_late', 'the step was missed by more days than the plan makes up for'), ('bounced', 'mail to the person’s address came back'), ('nothing_to_say', 'nobody was overdue any more'), ('not_responsible', 'the recipient was no longer responsible'), ('given_up', 'HR decided that it is not to be sent'), ('one_a_day', 'the person already got a mail that day'), ('quiet_hours', 'it was due in quiet hours'), ('day_off', 'it was due on a day without mails'), ('holiday', 'it was due on a public holiday'), ('try_again', 'the mail server did not take it yet'), ('unwritable', 'the text of the mail could not be filled in'), ('refused', 'the mail server refused the address')], default='', max_length=20),
        ),
        migrations.CreateModel(
            name='Bounce',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(help_text='As it was then.', max_length=254)),
                ('status', models.CharField(blank=True, help_text='Enhanced status code (RFC 3463), such as 5.1.1.', max_length=12)),
                ('diagnostic', models.CharField(blank=True, max_length=500)),
                ('at', models.DateTimeField()),
                ('cleared_at', models.DateTimeField(blank=True, null=True)),
                ('cleared_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bounces', to=settings.AUTH_USER_MODEL)),
                ('reminder', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='bounce', to='reminders.reminder')),
            ],
        ),
        migrations.CreateModel(
            name='MailText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('assigned', 'assigned'), ('before', 'before the due date'), ('overdue', 'overdue'), ('done', 'completed, with the certificate'), ('expiring', 'the completion expires'), ('nudge', 'nudge from the manager'), ('escalation', 'escalation to managers and HR'), ('digest', 'weekly digest for managers'), ('digest_hr', 'weekly digest for HR')], max_length=12)),
                ('language', models.CharField(choices=[('pl', 'Polski'), ('en', 'English')], max_length=2)),
                ('subject', models.CharField(max_length=150, verbose_name='subject')),
                ('body', models.TextField(max_length=4000, verbose_name='text')),
                ('button', models.CharField(max_length=60, verbose_name='button')),
                ('version', models.PositiveIntegerField(default=1)),
                ('updated_at', models.DateTimeField()),
                ('updated_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='PipelineStatus',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('last_tick_at', models.DateTimeField(blank=True, null=True)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('failing_since', models.DateTimeField(blank=True, null=True)),
                ('open_until', models.DateTimeField(blank=True, null=True)),
                ('last_error', models.CharField(blank=True, max_length=500)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='pipeline_status_one_row')],
            },
        ),
        migrations.CreateModel(
            name='Escalation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('occurs_on', models.DateField()),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='escalations', to='training.cycle')),
                ('person', models.ForeignKey(help_text='The recipient.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reminder', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='escalations', to='reminders.reminder')),
                ('step', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='escalations', to='reminders.planstep')),
            ],
        ),
        migrations.AddField(
            model_name='planstep',
            name='plan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='reminders.reminderplan'),
        ),
        migrations.CreateModel(
            name='CoursePlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateField()),
                ('course', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='reminder_plan', to='courses.course')),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='courses', to='reminders.reminderplan')),
            ],
        ),
        migrations.AddIndex(
            model_name='bounce',
            index=models.Index(condition=models.Q(('cleared_at', None)), fields=['person'], name='bounce_in_force'),
        ),
        migrations.AddConstraint(
            model_name='bounce',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cleared_at', None), ('cleared_by', None)), models.Q(('cleared_at__isnull', False), ('cleared_by__isnull', False)), _connector='OR'), name='bounce_cleared_pair'),
        ),
        migrations.AddConstraint(
            model_name='mailtext',
            constraint=models.UniqueConstraint(fields=('kind', 'language'), name='mail_text_once'),
        ),
        migrations.AddConstraint(
            model_name='mailtext',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['assigned', 'before', 'overdue', 'done', 'expiring', 'nudge', 'escalation', 'digest', 'digest_hr'])), name='mail_text_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='mailtext',
            constraint=models.CheckConstraint(condition=models.Q(('language__in', ['pl', 'en'])), name='mail_text_language_known'),
        ),
        migrations.AddConstraint(
            model_name='escalation',
            constraint=models.UniqueConstraint(fields=('person', 'cycle', 'step', 'occurs_on'), name='escalation_once'),
        ),
        migrations.AddConstraint(
            model_name='reminderplan',
            constraint=models.UniqueConstraint(condition=models.Q(('standard', True)), fields=('standard',), name='plan_one_standard'),
        ),
        migrations.AddConstraint(
            model_name='reminderplan',
            constraint=models.CheckConstraint(condition=models.Q(('closes', None), ('closes__gt', models.F('opens')), _connector='OR'), name='plan_closes_after_it_opens'),
        ),
        migrations.AddConstraint(
            model_name='reminderplan',
            constraint=models.CheckConstraint(condition=models.Q(('weekdays__len__gte', 1)), name='plan_sends_on_some_day'),
        ),
        migrations.AddConstraint(
            model_name='reminderplan',
            constraint=models.CheckConstraint(condition=models.Q(('catch_up_days__lte', 35)), name='plan_catch_up_within_horizon'),
        ),
        migrations.AddConstraint(
            model_name='reminderplan',
            constraint=models.CheckConstraint(condition=models.Q(('digest_weekday', None), ('digest_weekday__lte', 6), _connector='OR'), name='plan_digest_on_a_weekday'),
        ),
        migrations.AddConstraint(
            model_name='planstep',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('plan', 'anchor', 'offset_days', 'audience'), name='plan_step_once'),
        ),
        migrations.AddConstraint(
            model_name='planstep',
            constraint=models.CheckConstraint(condition=models.Q(('offset_days__gte', -366), ('offset_days__lte', 366)), name='plan_step_within_a_year'),
        ),
        migrations.AddConstraint(
            model_name='planstep',
            constraint=models.CheckConstraint(condition=models.Q(('anchor__in', ['due', 'expiry']), ('offset_days__gte', 0), _connector='OR'), name='plan_step_not_before_it_began'),
        ),
        migrations.AddConstraint(
            model_name='planstep',
            constraint=models.CheckConstraint(condition=models.Q(('repeat_days', None), models.Q(('repeat_days__gte', 1), ('repeat_days__lte', 366)), _connector='OR'), name='plan_step_repeats_in_days'),
        ),
        migrations.AddConstraint(
            model_name='planstep',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('anchor', 'completed'), _negated=True), models.Q(('audience', 'person'), ('repeat_days', None)), _connector='OR'), name='plan_step_done_once_to_the_person'),
        ),
        migrations.AddConstraint(
            model_name='planstep',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('audience', 'person'), models.Q(('text', 'escalation'), _negated=True)), models.Q(models.Q(('audience', 'person'), _negated=True), ('text', 'escalation')), _connector='OR'), name='plan_step_escalation_to_others'),
        ),
        migrations.RemoveConstraint(model_name='reminder', name='reminder_once'),
        migrations.RenameField(model_name='reminder', old_name='step', new_name='old_step'),
        migrations.AlterField(model_name='reminder', name='old_step', field=models.CharField(max_length=20, null=True)),
        migrations.AddField(
            model_name='reminder',
            name='text',
            field=models.CharField(choices=[('assigned', 'assigned'), ('before', 'before the due date'), ('overdue', 'overdue'), ('done', 'completed, with the certificate'), ('expiring', 'the completion expires'), ('nudge', 'nudge from the manager'), ('escalation', 'escalation to managers and HR'), ('digest', 'weekly digest for managers'), ('digest_hr', 'weekly digest for HR')], max_length=12, null=True),
        ),
        migrations.AddField(
            model_name='reminder',
            name='plan',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reminders', to='reminders.reminderplan'),
        ),
        migrations.AddField(
            model_name='reminder',
            name='step',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reminders', to='reminders.planstep'),
        ),
    ]
