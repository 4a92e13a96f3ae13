"""Writes a report in a format. Equal reports give equal bytes."""

import json
from typing import assert_never

from domain.errors import QuotaExceeded
from domain.limits import REPORT_BYTES_MAX
from domain.models.reports import Report, ReportFormat
from domain.reports.facts import Facts, facts
from domain.reports.html import html
from domain.reports.markdown import markdown
from domain.reports.pages import page


def write(report: Report, report_format: ReportFormat) -> str:
    """Write the report as text. Raises QuotaExceeded beyond REPORT_BYTES_MAX bytes of UTF-8."""
    text = _written(facts(report), report_format)
    if len(text.encode()) > REPORT_BYTES_MAX:
        raise QuotaExceeded(
            f"The report has more than {REPORT_BYTES_MAX} bytes: read the workflow run in parts."
        )
    return text


def _written(told: Facts, report_format: ReportFormat) -> str:
    match report_format:
        case ReportFormat.MARKDOWN:
            return markdown(page(told))
        case ReportFormat.HTML:
            return html(page(told), told["workflow"]["name"])
        case ReportFormat.JSON:
            # ASCII only, so that no control character reaches a terminal.
            return json.dumps(told, indent=2) + "\n"
        case _:
            assert_never(report_format)
