"""The department tree. `lineage` and `path` of a whole subtree change in one statement, under one lock."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.database import hold, next_ids
from accounts.models import Department, DepartmentQuerySet, Person
from accounts.refusals import Refusal
from accounts.values import MAX_DEPTH, PATH_SEPARATOR, clean_department_name

Path = tuple[str, ...]


class DepartmentNameTaken(Refusal):
    reason = _("There is already a department with this name in the same place.")


class DepartmentInsideItself(Refusal):
    reason = _("A department cannot be moved into itself or below itself.")


class TreeTooDeep(Refusal):
    reason = _("The tree of departments would have more than 8 levels.")


def create_department(name: str, *, parent: Department | None, by: Person | None, now: dt.datetime) -> Department:
    with transaction.atomic():
        hold("departments")
        parent = parent and Department.objects.get(pk=parent.pk)
        name = clean_department_name(name)
        _refuse_taken(name, parent)
        _refuse_too_deep(parent, levels=1)
        names = (*parent.path.split(PATH_SEPARATOR), name) if parent else (name,)
        [department] = _insert_levels([names], {_key(names[:-1]): parent} if parent else {})
        audit.record("departments.create", subject=department, by=by, now=now)
        return department


def find_or_create_path(names: Sequence[str], *, by: Person | None, now: dt.datetime) -> Department:
    path = tuple(clean_department_name(name) for name in names)
    return create_paths([path], by=by, now=now)[path]


def create_paths(paths: Iterable[Path], *, by: Person | None, now: dt.datetime) -> dict[Path, Department]:
    """Each path with its department; levels that do not exist are created. The number of queries does not grow."""
    prefixes = {path[:level] for path in paths for level in range(1, len(path) + 1)}
    wanted = sorted(prefixes, key=lambda path: (len(path), path))
    with transaction.atomic():
        hold("departments")
        found = {_key(department.path.split(PATH_SEPARATOR)): department for department in Department.objects.all()}
        missing: dict[Path, Path] = {}
        for path in wanted:
            if _key(path) not in found:
                missing.setdefault(_key(path), path)
        created = _insert_levels(list(missing.values()), found)
        audit.record_all(
            audit.event("departments.create", subject=department, by=by, now=now) for department in created
        )
    return {path: found[_key(path)] for path in wanted}


def rename_department(department: Department, *, name: str, by: Person | None, now: dt.datetime) -> Department:
    with transaction.atomic():
        hold("departments")
        department = Department.objects.get(pk=department.pk)
        name = clean_department_name(name)
        if name == department.name:
            return department
        _refuse_taken(name, department.parent, apart_from=department)
        before = department.path
        Department.objects.filter(pk=department.pk).update(name=name)
        _rewrite_subtree(department, department.parent, name)
        department.refresh_from_db()
        audit.record("departments.rename", subject=department, by=by, now=now, before=before, after=department.path)
        return department


def move_department(
    department: Department, *, parent: Department | None, by: Person | None, now: dt.datetime
) -> Department:
    with transaction.atomic():
        hold("departments")
        department = Department.objects.get(pk=department.pk)
        parent = parent and Department.objects.get(pk=parent.pk)
        if parent and department.pk in parent.lineage:
            raise DepartmentInsideItself
        if department.parent_id == (parent and parent.pk):
            return department
        _refuse_taken(department.name, parent, apart_from=department)
        _refuse_too_deep(parent, levels=_height(department))
        before = department.path
        Department.objects.filter(pk=department.pk).update(parent=parent)
        _rewrite_subtree(department, parent, department.name)
        department.refresh_from_db()
        audit.record("departments.move", subject=department, by=by, now=now, before=before, after=department.path)
        return department


def _key(names: Iterable[str]) -> Path:
    return tuple(name.lower() for name in names)


def _insert_levels(missing: Sequence[Path], found: dict[Path, Department]) -> list[Department]:
    """Rows for the missing paths, parents before children; `found` learns of each."""
    created = []
    for pk, path in zip(next_ids(Department, len(missing)) if missing else [], missing, strict=True):
        parent = found[_key(path[:-1])] if len(path) > 1 else None
        department = Department(
            pk=pk,
            name=path[-1],
            parent=parent,
            path=f"{parent.path}{PATH_SEPARATOR}{path[-1]}" if parent else path[-1],
            lineage=[*(parent.lineage if parent else []), pk],
        )
        found[_key(path)] = department
        created.append(department)
    return Department.objects.bulk_create(created)


def _rewrite_subtree(department: Department, parent: Department | None, name: str) -> None:
    """Give the department, as loaded before the change, and all below it their new `lineage` and `path`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE accounts_department
               SET lineage = %(above)s::bigint[] || lineage[%(level)s:],
                   path = %(path)s || substr(path, %(cut)s)
             WHERE lineage @> ARRAY[%(pk)s]::bigint[]
            """,
            {
                "above": parent.lineage if parent else [],
                "level": len(department.lineage),
                "path": f"{parent.path}{PATH_SEPARATOR}{name}" if parent else name,
                "cut": len(department.path) + 1,
                "pk": department.pk,
            },
        )


def _height(department: Department) -> int:
    deepest = max(len(lineage) for lineage in _subtree(department).values_list("lineage", flat=True))
    return deepest - len(department.lineage) + 1


def _subtree(department: Department) -> DepartmentQuerySet:
    return Department.objects.within(Department.objects.filter(pk=department.pk))


def _refuse_taken(name: str, parent: Department | None, apart_from: Department | None = None) -> None:
    taken = Department.objects.filter(parent=parent, name__iexact=name)
    if apart_from:
        taken = taken.exclude(pk=apart_from.pk)
    if taken.exists():
        raise DepartmentNameTaken


def _refuse_too_deep(parent: Department | None, *, levels: int) -> None:
    if (len(parent.lineage) if parent else 0) + levels > MAX_DEPTH:
        raise TreeTooDeep
