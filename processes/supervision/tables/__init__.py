"""The tables of the office's records, beside the engine's own."""

from processes.supervision.tables.matters import TENTHS
from processes.supervision.tables.matters import archive_volume
from processes.supervision.tables.matters import caller
from processes.supervision.tables.matters import caller_look
from processes.supervision.tables.matters import circular
from processes.supervision.tables.matters import contact
from processes.supervision.tables.matters import document
from processes.supervision.tables.matters import hotline_ticket
from processes.supervision.tables.matters import inbox_message
from processes.supervision.tables.matters import inbox_reading
from processes.supervision.tables.matters import mandate
from processes.supervision.tables.matters import matter
from processes.supervision.tables.matters import number_sequence
from processes.supervision.tables.matters import opinion
from processes.supervision.tables.matters import paper
from processes.supervision.tables.matters import progress_report
from processes.supervision.tables.matters import proposal
from processes.supervision.tables.matters import review
from processes.supervision.tables.matters import score_entry
from processes.supervision.tables.matters import supplement
from processes.supervision.tables.matters import undertaking
from processes.supervision.tables.matters import urge

__all__ = [
    "TENTHS",
    "archive_volume",
    "caller",
    "caller_look",
    "circular",
    "contact",
    "document",
    "hotline_ticket",
    "inbox_message",
    "inbox_reading",
    "mandate",
    "matter",
    "number_sequence",
    "opinion",
    "paper",
    "progress_report",
    "proposal",
    "review",
    "score_entry",
    "supplement",
    "undertaking",
    "urge",
]
