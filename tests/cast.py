"""The people of every test: one company, two branches, everyone who could look at a page."""

from dataclasses import dataclass

from accounts.models import Department, Person, Role
from tests.factories import grant, make_department, make_person


@dataclass
class Cast:
    company: Department
    sales: Department
    shops: Department
    payroll: Department
    employee: Person
    colleague: Person
    manager: Person
    hr: Person
    editor: Person
    sysadmin: Person
    stranger: None = None

    def actor(self, name: str) -> Person | None:
        return getattr(self, name)


ACTORS = ("stranger", "employee", "colleague", "manager", "hr", "editor", "sysadmin")


def build_cast() -> Cast:
    """`employee` works in Sales / Shops under `manager` of Sales; `colleague` in Payroll, which nobody manages."""
    company = make_department("Firma")
    sales = make_department("Sales", company)
    shops = make_department("Shops", sales)
    payroll = make_department("Payroll", company)
    manager = grant(make_person(sales, first_name="Michał", last_name="Kierownicki"), Role.MANAGER, sales)
    return Cast(
        company=company,
        sales=sales,
        shops=shops,
        payroll=payroll,
        manager=manager,
        employee=make_person(shops, first_name="Ewa", last_name="Pracownicka", manager=manager),
        colleague=make_person(payroll, first_name="Kamil", last_name="Żółciński", language="en"),
        hr=grant(make_person(company, first_name="Hanna", last_name="Kadrowa"), Role.HR),
        editor=grant(make_person(payroll, first_name="Róża", last_name="Redaktorska"), Role.EDITOR),
        sysadmin=grant(make_person(company, first_name="Szymon", last_name="Adminowski"), Role.SYSADMIN),
    )
