"""The process that reads a spreadsheet: `python -I sheet.py` takes an XLSX on its input and writes rows as JSON lines.

A file that strangers made is unpacked in memory. Here that may take a bounded amount of memory and time, and when the
library gives up by ending the process, it is this one and not the web server. Imports nothing of the project.
"""

import datetime as dt
import io
import json
import resource
import sys

from python_calamine import SheetVisibleEnum, load_workbook

MEMORY = 1024**3
SECONDS = 60
MOST_WRITTEN = 64 * 1024**2
NO_SHEET, TOO_MUCH = 3, 4


def main() -> int:
    """The first visible sheet; of formulas the value that the spreadsheet program stored."""
    if sys.platform == "linux":  # macOS takes no limit of this kind
        limit(resource.RLIMIT_AS, MEMORY)
    limit(resource.RLIMIT_CPU, SECONDS)
    limit(resource.RLIMIT_CORE, 0)
    with load_workbook(io.BytesIO(sys.stdin.buffer.read())) as workbook:
        visible = [sheet.name for sheet in workbook.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible]
        if not visible:
            return NO_SHEET
        rows = workbook.get_sheet_by_name(visible[0]).to_python(skip_empty_area=False)
    written = 0
    for row in rows:
        line = json.dumps([plain(cell) for cell in row]) + "\n"
        written += len(line)
        if written > MOST_WRITTEN:
            return TOO_MUCH
        sys.stdout.write(line)
    return 0


def limit(what: int, most: int) -> None:
    """A limit that is lower already stays as it is; nobody but root may raise one."""
    given = resource.getrlimit(what)[1]
    if given == resource.RLIM_INFINITY or given > most:
        resource.setrlimit(what, (most, most))


def plain(cell: object) -> object:
    """Days as `{"day": …}`, whole numbers without a point."""
    if isinstance(cell, dt.datetime):
        cell = cell.date()
    if isinstance(cell, dt.date):
        return {"day": cell.isoformat()}
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return cell if isinstance(cell, str | float | bool) else str(cell)


if __name__ == "__main__":
    sys.exit(main())
