import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.departments import (
    DepartmentInsideItself,
    DepartmentNameTaken,
    TreeTooDeep,
    create_department,
    create_paths,
    find_or_create_path,
    move_department,
    rename_department,
)
from accounts.models import AuditEvent, Department, Person, Role
from accounts.values import clean_department_path, likeness
from tests.factories import NOW, grant, make_department, make_person


def tree_is_whole() -> None:
    """`lineage` and `path` of every row say the same as its parent's."""
    rows = {department.pk: department for department in Department.objects.all()}
    for department in rows.values():
        parent = rows.get(department.parent_id)
        assert department.lineage == [*(parent.lineage if parent else []), department.pk]
        assert department.path == (f"{parent.path} / {department.name}" if parent else department.name)


def test_a_path_is_created_level_by_level_and_found_again(cast):
    first = find_or_create_path(["Firma", "Sales", "Online", "Chat"], by=cast.hr, now=NOW)
    second = find_or_create_path(["firma", "SALES", "Online", "Chat"], by=cast.hr, now=NOW)
    assert first == second
    assert first.path == "Firma / Sales / Online / Chat"
    assert AuditEvent.objects.filter(action="departments.create").count() == 2
    tree_is_whole()


@pytest.mark.parametrize("count", [3, 60])
def test_many_paths_cost_as_many_queries_as_few(cast, count, django_assert_num_queries):
    paths = [("Firma", f"Dział {number % 7}", f"Zespół {number}") for number in range(count)]
    with django_assert_num_queries(7):
        create_paths(paths, by=cast.hr, now=NOW)
    tree_is_whole()


def test_renaming_rewrites_the_path_of_the_whole_subtree(cast):
    rename_department(cast.sales, name="Sprzedaż", by=cast.hr, now=NOW)
    cast.shops.refresh_from_db()
    assert cast.shops.path == "Firma / Sprzedaż / Shops"
    assert AuditEvent.objects.get(action="departments.rename").detail == {
        "before": "Firma / Sales",
        "after": "Firma / Sprzedaż",
    }
    tree_is_whole()


def test_moving_takes_the_subtree_and_its_managers_scope_along(cast):
    move_department(cast.sales, parent=cast.payroll, by=cast.hr, now=NOW)
    cast.shops.refresh_from_db()
    assert cast.shops.path == "Firma / Payroll / Sales / Shops"
    assert cast.employee in Person.objects.in_departments(Department.objects.filter(pk=cast.payroll.pk))
    tree_is_whole()


def test_a_department_may_become_a_root(cast):
    assert move_department(cast.sales, parent=None, by=cast.hr, now=NOW).lineage == [cast.sales.pk]
    tree_is_whole()


def test_a_department_never_moves_below_itself(cast):
    with pytest.raises(DepartmentInsideItself):
        move_department(cast.sales, parent=cast.shops, by=cast.hr, now=NOW)


def test_siblings_have_different_names_whatever_the_case(cast):
    with pytest.raises(DepartmentNameTaken):
        create_department("PAYROLL", parent=cast.company, by=cast.hr, now=NOW)
    with pytest.raises(DepartmentNameTaken):
        rename_department(cast.sales, name="payroll", by=cast.hr, now=NOW)


def test_the_tree_stops_at_eight_levels(cast):
    deep = find_or_create_path([str(level) for level in range(1, 9)], by=cast.hr, now=NOW)
    with pytest.raises(TreeTooDeep):
        create_department("9", parent=deep, by=cast.hr, now=NOW)
    with pytest.raises(TreeTooDeep):
        move_department(cast.sales, parent=deep.parent, by=cast.hr, now=NOW)


@pytest.mark.parametrize("text", ["A / B", "A/B", "A > B", " A  /  B ", "A>B"])
def test_the_levels_of_a_path_are_separated_by_slash_or_angle(text):
    assert clean_department_path(text) == ("A", "B")


@pytest.mark.parametrize("other", ["kadry i płace", "Kadry i Place", "Kadry  i płace", "Kadry-i płace", "KADRYIPŁACE"])
def test_names_that_only_look_different_are_alike(other):
    assert likeness(other) == likeness("Kadry i płace")


class VisibleScopes(TestCase):
    @settings(max_examples=25, deadline=None)
    @given(
        parents=st.lists(st.integers(min_value=-1, max_value=8), min_size=2, max_size=9),
        managed=st.sets(st.integers(min_value=0, max_value=8), min_size=1, max_size=2),
        moves=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=3),
    )
    def test_a_manager_sees_exactly_the_own_subtrees_also_after_moves(self, parents, managed, moves):
        departments: list[Department] = []
        for number, parent in enumerate(parents):
            above = departments[parent] if 0 <= parent < number else None
            departments.append(make_department(f"D{number}", above))
        people = [make_person(department) for department in departments]
        manager = make_person(None)
        managed = {index for index in managed if index < len(departments)}
        for index in managed:
            grant(manager, Role.MANAGER, departments[index])
        for which, where in moves:
            if which < len(departments) and where < len(departments):
                try:
                    move_department(departments[which], parent=departments[where], by=None, now=NOW)
                except (DepartmentInsideItself, TreeTooDeep):
                    continue
        tree_is_whole()
        above = dict(Department.objects.values_list("pk", "parent_id"))
        allowed = {manager.pk}
        for person in people:
            node = person.department_id
            while node is not None:
                if node in {departments[index].pk for index in managed}:
                    allowed.add(person.pk)
                node = above[node]
        assert set(Person.objects.visible_to(manager).values_list("pk", flat=True)) == allowed
