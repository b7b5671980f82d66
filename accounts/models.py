"""People, departments, roles and the audit log: the lowest layer, which knows nothing of courses."""

import datetime as dt
import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeBoundary, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit_words import action_in_words


class Language(models.TextChoices):
    POLISH = "pl", "Polski"
    ENGLISH = "en", "English"


class DepartmentQuerySet(models.QuerySet["Department"]):
    def within(self, departments: "models.QuerySet[Department]") -> "DepartmentQuerySet":
        """The given departments and everything below them."""
        return self.filter(lineage__overlap=list(departments.values_list("pk", flat=True)))

    def managed_by(self, person: "Person") -> "DepartmentQuerySet":
        """Every department inside the scope of the person's manager grants."""
        granted = Department.objects.filter(grants__person=person, grants__role=Role.MANAGER)
        return self.within(granted)

    def in_tree_order(self) -> "DepartmentQuerySet":
        """Parents directly before their children, siblings by name in Polish-friendly order."""
        return self.order_by(Func(Lower("path"), function="unaccent"), "path")


class Department(models.Model):
    """A node of the company's tree. `lineage` and `path` are kept by the verbs in departments.py."""

    name = models.CharField(_("name"), max_length=120)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    lineage = ArrayField(models.BigIntegerField(), default=list, help_text="Ids from the root down to this row.")
    path = models.TextField(help_text="Names from the root down, joined by ' / '.")

    objects = DepartmentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "parent", Lower("name"), name="department_name_once_per_parent", nulls_distinct=False
            ),
        ]
        indexes: ClassVar = [GinIndex(fields=["lineage"], name="department_lineage")]

    def __str__(self) -> str:
        return self.path

    @property
    def depth(self) -> int:
        return len(self.lineage) - 1

    @property
    def above(self) -> str:
        """The path without this department's own name."""
        return self.path.removesuffix(self.name).removesuffix(" / ")


class PersonQuerySet(models.QuerySet["Person"]):
    def employed(self, today: dt.date) -> "PersonQuerySet":
        """Everyone who has not left by the end of `today`."""
        return self.filter(Q(left_on=None) | Q(left_on__gt=today))

    def in_departments(self, departments: models.QuerySet[Department]) -> "PersonQuerySet":
        """Members of the given departments or of any department below them."""
        return self.filter(department__in=Department.objects.within(departments))

    def visible_to(self, viewer: "Person") -> "PersonQuerySet":
        """HR sees everyone, a manager the own departments with all below them, anyone else only themselves."""
        if viewer.is_hr:
            return self
        return self.filter(Q(department__in=Department.objects.managed_by(viewer)) | Q(pk=viewer.pk))

    def administered_by(self, viewer: "Person") -> "PersonQuerySet":
        """Whose account the viewer keeps: everyone for HR and system administrators, nobody for the others."""
        return self if viewer.is_hr or viewer.is_sysadmin else self.none()

    def by_name(self) -> "PersonQuerySet":
        return self.order_by(
            Func(Lower("last_name"), function="unaccent"), Func(Lower("first_name"), function="unaccent"), "pk"
        )

    def search(self, words: str) -> "PersonQuerySet":
        """Every word must occur in the name or the address; case and diacritics do not matter."""
        found = self.annotate(
            haystack=Func(
                Lower(
                    Func(
                        models.Value(" "),
                        F("first_name"),
                        F("last_name"),
                        F("email"),
                        function="concat_ws",
                        output_field=models.TextField(),
                    )
                ),
                function="unaccent",
            )
        )
        for word in words.split():
            needle = Func(Lower(models.Value(word)), function="unaccent", output_field=models.TextField())
            found = found.filter(haystack__contains=needle)
        return found


class PersonManager(BaseUserManager.from_queryset(PersonQuerySet)):  # type: ignore[misc]
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        person = self.model(email=normal_email(email), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(email=normal_email(username or ""))


def normal_email(address: str) -> str:
    """The stored form of an address: NFKC, trimmed, lower case (RFC 5321 lets the local part be case-sensitive; no
    mail system in use makes it so, and two accounts that differ in case are always a mistake)."""
    import unicodedata

    return unicodedata.normalize("NFKC", address).strip().lower()


class Person(AbstractBaseUser):
    """Someone who works here or did. Kept after leaving, because records point at them."""

    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    first_name = models.CharField(_("first name"), max_length=80)
    last_name = models.CharField(_("last name"), max_length=80)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, default=Language.POLISH)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="people", verbose_name=_("department")
    )
    manager = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="reports", verbose_name=_("manager")
    )
    employment_start = models.DateField(_("employment start"), null=True, blank=True)
    left_on = models.DateField(_("left on"), null=True, blank=True, help_text="First day out of the company.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PersonManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["first_name", "last_name"]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="person_email_lower_case"),
            models.CheckConstraint(condition=~Q(manager=F("id")), name="person_not_own_manager"),
            models.CheckConstraint(condition=Q(language__in=Language.values), name="person_language_known"),
        ]
        indexes: ClassVar = [models.Index(fields=["department", "left_on"], name="person_department_left")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def get_full_name(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        return (self.first_name[:1] + self.last_name[:1]).upper()

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """May this account be used today? Read by Django and allauth at sign-in and on every request."""
        return self.left_on is None or self.left_on > timezone.localdate()

    @property
    def roles(self) -> frozenset[str]:
        """The roles held now; the person of a request has them from PersonBackend, others ask once."""
        if not hasattr(self, "_roles"):
            self._roles: frozenset[str] = frozenset(self.grants.values_list("role", flat=True))
        return self._roles

    @property
    def is_hr(self) -> bool:
        return Role.HR in self.roles

    @property
    def is_manager(self) -> bool:
        return Role.MANAGER in self.roles

    @property
    def is_editor(self) -> bool:
        return Role.EDITOR in self.roles

    @property
    def is_sysadmin(self) -> bool:
        return Role.SYSADMIN in self.roles


class Membership(models.Model):
    """In which department a person was on which days: [starts_on, ends_on)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships")
    department = models.ForeignKey(Department, models.PROTECT, related_name="memberships")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True, help_text="First day no longer there.")

    class Meta:
        constraints: ClassVar = [
            ExclusionConstraint(
                name="membership_one_department_a_day",
                expressions=[
                    (
                        Func(F("starts_on"), F("ends_on"), RangeBoundary(), function="DATERANGE"),
                        RangeOperators.OVERLAPS,
                    ),
                    ("person", RangeOperators.EQUAL),
                ],
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="membership_ends_after_start"
            ),
        ]


class Role(models.TextChoices):
    """Everyone is an employee; these come on top, several may be held."""

    MANAGER = "manager", _("department manager")
    HR = "hr", _("HR")
    EDITOR = "editor", _("content editor")
    SYSADMIN = "sysadmin", _("system administrator")


class RoleGrant(models.Model):
    """A role held by a person; a manager's grant names the department whose subtree it covers."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="grants")
    role = models.CharField(max_length=10, choices=Role.choices)
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, related_name="grants")
    granted_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    granted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person", "role", "department"], name="role_granted_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="role_known"),
            models.CheckConstraint(
                condition=Q(role=Role.MANAGER, department__isnull=False)
                | (~Q(role=Role.MANAGER) & Q(department__isnull=True)),
                name="role_manager_has_department",
            ),
        ]


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def visible_to(self, viewer: "Person") -> "AuditEventQuerySet":
        """System administrators read everything, HR what concerns its own work."""
        if viewer.is_sysadmin:
            return self
        if viewer.is_hr:
            return self.filter(action__regex=f"^({'|'.join(HR_AREAS)})\\.")
        return self.none()

    def newest_first(self) -> "AuditEventQuerySet":
        return self.order_by("-at", "-pk")


HR_AREAS = ("people", "departments", "roster", "assignments", "duties", "reminders")


class AuditEvent(models.Model):
    """One change of people, roles, content or assignments. Append-only, held by a trigger.

    `actor` is empty when the system acted (a scheduled task, a command); `actor_name` keeps the name as it was.
    `detail` holds `{"before": …, "after": …}` or the counts of a bulk change, never passwords or answers.
    """

    at = models.DateTimeField(db_index=True)
    actor = models.ForeignKey(Person, models.PROTECT, null=True, related_name="acts")
    actor_name = models.CharField(max_length=170)
    action = models.CharField(max_length=60, db_index=True, help_text="area.verb, for example people.import")
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=40, blank=True)
    subject_name = models.CharField(max_length=250)
    detail = models.JSONField(default=dict)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["subject_type", "subject_id"], name="audit_subject")]

    @property
    def action_in_words(self) -> str:
        return action_in_words(self.action)

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The detail as lines for reading: a name and `old → new`, or just the value."""
        detail = dict(self.detail)
        before, after = detail.pop("before", None), detail.pop("after", None)
        if isinstance(before, dict) or isinstance(after, dict):
            before, after = before or {}, after or {}
            changed = [(name, before.get(name), after.get(name)) for name in before | after]
        else:
            changed = [("", before, after)] if before or after else []
        lines = [(name, f"{old} → {new or '–'}" if old else str(new or "–")) for name, old, new in changed]
        return lines + [(name, "–" if value is None else str(value)) for name, value in detail.items()]


class RosterImport(models.Model):
    """An uploaded roster file between its dry run and its one transaction.

    `plan_hash` is the digest of what the dry run showed; applying refuses when the same file would by now do
    something else, and shows the new plan instead.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    filename = models.CharField(max_length=255)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    marks_missing_as_left = models.BooleanField(default=False)
    plan_hash = models.CharField(max_length=64, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    applied_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(applied_at=None, applied_by=None) | Q(applied_at__isnull=False, applied_by__isnull=False),
                name="roster_import_applied_pair",
            )
        ]
