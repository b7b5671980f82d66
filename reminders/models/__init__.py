"""What the reminders keep: plans, the ledger, texts of mails, addresses that bounce, the state of the pipeline."""

from reminders.models.addresses import Bounce as Bounce
from reminders.models.ledger import Escalation as Escalation
from reminders.models.ledger import Kind as Kind
from reminders.models.ledger import Reason as Reason
from reminders.models.ledger import Reminder as Reminder
from reminders.models.ledger import ReminderEvent as ReminderEvent
from reminders.models.ledger import ReminderQuerySet as ReminderQuerySet
from reminders.models.ledger import State as State
from reminders.models.ledger import outcome_in_words as outcome_in_words
from reminders.models.plan import Anchor as Anchor
from reminders.models.plan import Audience as Audience
from reminders.models.plan import CoursePlan as CoursePlan
from reminders.models.plan import PlanStep as PlanStep
from reminders.models.plan import ReminderPlan as ReminderPlan
from reminders.models.status import PipelineStatus as PipelineStatus
from reminders.models.text import MailKind as MailKind
from reminders.models.text import MailText as MailText
