"""Writes demo/roster.csv: Wartobrzeg, an invented outsourcing firm of about 300 invented people.

The same file every time; start dates count back from LAST_DAY.
"""

import csv
import datetime as dt
import random
import unicodedata
from dataclasses import dataclass
from pathlib import Path

TARGET = Path(__file__).with_name("roster.csv")
LAST_DAY = dt.date(2026, 11, 20)
RECENT = 25
HEADER = ("e-mail", "imię", "nazwisko", "dział", "e-mail przełożonego", "język", "data zatrudnienia")

# Department → size of its teams; the first of each team leads it.
TREE = {
    "Księgowość": {"Klienci kluczowi": 22, "Mały biznes": 26, "Sprawozdawczość": 14, "Podatki": 12},
    "Płace i kadry": {"Zespół Poznań": 28, "Zespół Łódź": 24, "Zespół Gdańsk": 18, "Świadczenia": 10},
    "Helpdesk IT": {"Pierwsza linia": 34, "Druga linia": 18, "Service Desk EN": 16},
    "Opieka nad klientem": {"Opiekunowie": 20, "Wdrożenia": 12},
    "Sprzedaż i marketing": {"Sprzedaż": 12, "Komunikacja": 6},
    "Administracja": {"Kadry wewnętrzne": 6, "Finanse": 7, "Biuro i zaopatrzenie": 5, "Ochrona danych": 1},
}
ENGLISH = {"Service Desk EN": 0.9, "Druga linia": 0.25, "Klienci kluczowi": 0.15, "Sprzedaż": 0.15}

WOMEN = (
    "Agnieszka Aleksandra Alicja Anna Barbara Beata Bożena Celina Dagmara Daria Dominika Dorota Elżbieta Emilia "
    "Ewa Gabriela Grażyna Halina Hanna Iga Ilona Irena Iwona Izabela Jagoda Janina Joanna Jolanta Justyna Kalina "
    "Karolina Katarzyna Kinga Klaudia Lena Liliana Magdalena Maja Małgorzata Marta Michalina Milena Monika "
    "Natalia Nina Olga Oliwia Patrycja Paulina Renata Róża Sabina Sylwia Urszula Wanda Weronika Wiktoria Zofia "
    "Zuzanna Żaneta"
)
MEN = (
    "Adam Adrian Aleksander Andrzej Antoni Artur Bartłomiej Błażej Bogdan Cezary Damian Daniel Dariusz Dawid "
    "Dominik Emil Eryk Filip Franciszek Grzegorz Henryk Hubert Ignacy Jacek Jakub Jan Janusz Jerzy Józef Kacper "
    "Karol Konrad Krzysztof Leszek Łukasz Maciej Marcin Marek Mateusz Michał Mieczysław Mikołaj Norbert Oskar "
    "Patryk Paweł Piotr Przemysław Radosław Rafał Robert Ryszard Sebastian Sławomir Stanisław Stefan Szymon "
    "Tomasz Wojciech Zbigniew"
)
# Nouns do not change with gender; the others end in -a for women.
NOUNS = (
    "Bąk Brzęczek Chrząszcz Cieśla Ćwik Dębek Drozd Dudziak Figiel Gąsior Gil Głąb Grzyb Gwóźdź Jeż Kłos Kościuk "
    "Krawiec Krzak Kubiak Kurzajczyk Leśniak Łącz Łoś Maślak Miś Mróz Nowik Ogórek Olszak Ósmak Pająk Pędziwiatr "
    "Piątek Pióro Popiołek Przybyłek Rogala Rzepka Sęk Siwek Skiba Sowa Sójka Szpak Szydło Śledź Ślusarz Świder "
    "Tkacz Trąba Wąs Wilk Wróbel Zając Ziółko Źrebiec Żaba Żuk Żyła Krzemień Jeleń Koźlik Borsuk Kwiatek"
)
ADJECTIVES = (
    "Bielawski Brzozowski Chłopicki Dąbkowski Długoński Gałązkowski Górniewski Jeżewski Kłodawski Krępski "
    "Łąkowski Łosiewski Małkowicki Mączyński Niedźwiecki Ostrężyński Piekarniewski Różański Rzędowski Sępopolski "
    "Słonecki Ślęzański Święcki Tęgoborski Warzęchowski Wąsoski Wierzbięcki Zdrojeński Źródłowski Żółtkowski"
)
FOREIGN = (
    "Oliver Hartwell,Priya Raghunath,Chloé Demaret,Mateus Figueirinha,Anneke Verbrugge,Tomáš Hudeček,"
    "Oksana Melnychuk,Sean Gallowglass,Ingrid Sæverud,Luca Montefalco,Zeynep Altunay,Noah Whitcombe,Elif Karagöz,"
    "Hanna Lindqvister,Diego Alcorán,Mykola Hrytsenko,Amara Oyelaran,Jonas Feldhaus,Réka Szalontai,"
    "Caoimhe Mac an Bhaird"
)


@dataclass
class Person:
    first_name: str
    last_name: str
    path: str
    manager: str
    language: str
    start: dt.date
    email: str


class Company:
    def __init__(self) -> None:
        self.chance = random.Random(5)  # noqa: S311 - invents people, guards nothing
        self.people: list[Person] = []
        self.names: set[tuple[str, str]] = set()
        self.foreign = FOREIGN.split(",")

    def hire(self, path: str, manager: str, *, leads: bool = False) -> str:
        """Returns the new person's address."""
        team = path.rpartition(" / ")[2]
        english = not leads and self.foreign and self.chance.random() < ENGLISH.get(team, 0)
        first_name, last_name = self.foreign.pop(0).split(" ", 1) if english else self.polish_name()
        speaks = "en" if english or (not leads and self.chance.random() < 0.04) else "pl"
        days = self.chance.randint(900 if leads else 70, 6 * 365)
        email = f"{plain(first_name)}.{plain(last_name)}@example.com"
        self.people.append(Person(first_name, last_name, path, manager, speaks, LAST_DAY - dt.timedelta(days), email))
        return email

    def polish_name(self) -> tuple[str, str]:
        while True:
            woman = self.chance.random() < 0.6
            first_name = self.chance.choice((WOMEN if woman else MEN).split())
            last_name = self.chance.choice((NOUNS if self.chance.random() < 0.6 else ADJECTIVES).split())
            if woman and last_name in ADJECTIVES.split():
                last_name = last_name[:-1] + "a"
            if woman and self.chance.random() < 0.06:
                last_name = f"{last_name}-{self.chance.choice(ADJECTIVES.split())[:-1]}a"
            if (first_name, last_name) not in self.names:
                self.names.add((first_name, last_name))
                return first_name, last_name

    def newcomers(self) -> None:
        """The last eight weeks brought some of those who lead nobody."""
        managers = {person.manager for person in self.people}
        staff = [person for person in self.people if person.email not in managers]
        for person in self.chance.sample(staff, RECENT):
            person.start = LAST_DAY - dt.timedelta(self.chance.randint(1, 55))


def plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.lower().replace("ł", "l").replace("æ", "ae"))
    return "".join(letter for letter in letters if letter.isascii() and (letter.isalnum() or letter == "-"))


def found() -> Company:
    company = Company()
    chief = company.hire("Wartobrzeg", "", leads=True)
    for department, teams in TREE.items():
        head = company.hire(f"Wartobrzeg / {department}", chief, leads=True)
        for team, size in teams.items():
            path = f"Wartobrzeg / {department} / {team}"
            lead = company.hire(path, head, leads=True)
            for _ in range(size - 1):
                company.hire(path, lead)
    company.newcomers()
    return company


def write(company: Company) -> None:
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(HEADER)
        for person in company.people:
            writer.writerow(
                (
                    person.email,
                    person.first_name,
                    person.last_name,
                    person.path,
                    person.manager,
                    person.language,
                    person.start.isoformat(),
                )
            )


if __name__ == "__main__":
    write(found())
