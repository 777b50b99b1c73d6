"""Ages and birthdays, from what a birthday says: 1990-05-03, or --05-03 where the year is not known."""

import re
from datetime import date
from typing import Final, NamedTuple

_FORM: Final = re.compile(r"(\d{4}|-)-(\d{2})-(\d{2})\Z", re.ASCII)
_A_LEAP_YEAR: Final = 2000


class Birthday(NamedTuple):
    """A day of the year, and the year if it is known."""

    year: int | None
    month: int
    day: int

    def in_year(self, year: int) -> date:
        """Return the birthday in a year; that of 29 February is 1 March where there is none."""
        try:
            return date(year, self.month, self.day)
        except ValueError:
            return date(year, self.month + 1, 1)

    def after(self, day: date) -> date:
        """Return the first birthday after a day."""
        this = self.in_year(day.year)
        return this if this > day else self.in_year(day.year + 1)

    def age(self, day: date) -> int | None:
        """Return the whole years of life on a day; None without a year, and before birth."""
        if self.year is None:
            return None
        years = day.year - self.year - (day < self.in_year(day.year))
        return years if years >= 0 else None

    def days_to(self, day: date) -> int:
        """Return how many days it is until the birthday, 0 on the day itself."""
        this = self.in_year(day.year)
        return ((this if this >= day else self.in_year(day.year + 1)) - day).days


def birthday(text: object) -> Birthday | None:
    """Read a birthday; None for everything that is none, and for days of the lunar calendar."""
    found = _FORM.match(text) if isinstance(text, str) else None
    if found is None:
        return None
    year, month, day = found.groups()
    try:
        date(int(year) if year != "-" else _A_LEAP_YEAR, int(month), int(day))
    except ValueError:
        return None
    return Birthday(int(year) if year != "-" else None, int(month), int(day))
