"""The tables of the office's records, beside the engine's own."""

from processes.supervision.tables.deputies import annual_volume
from processes.supervision.tables.deputies import deputy_proposal
from processes.supervision.tables.deputies import evaluation
from processes.supervision.tables.deputies import explanation
from processes.supervision.tables.deputies import handover_meeting
from processes.supervision.tables.deputies import handover_receipt
from processes.supervision.tables.deputies import proposer
from processes.supervision.tables.deputies import reply
from processes.supervision.tables.deputies import survey
from processes.supervision.tables.deputies import tracking
from processes.supervision.tables.documents import archive_volume
from processes.supervision.tables.documents import circular
from processes.supervision.tables.documents import document
from processes.supervision.tables.documents import inbox_message
from processes.supervision.tables.documents import inbox_reading
from processes.supervision.tables.grants import reading_grant
from processes.supervision.tables.grants import reading_look
from processes.supervision.tables.hotline import caller
from processes.supervision.tables.hotline import caller_look
from processes.supervision.tables.hotline import hotline_ticket
from processes.supervision.tables.hotline import supplement
from processes.supervision.tables.indicators import comparison
from processes.supervision.tables.indicators import completion
from processes.supervision.tables.indicators import indicator_value
from processes.supervision.tables.indicators import target_adjustment
from processes.supervision.tables.inspections import avoidance
from processes.supervision.tables.inspections import finding
from processes.supervision.tables.inspections import inspection
from processes.supervision.tables.inspections import inspection_member
from processes.supervision.tables.inspections import inspection_plan
from processes.supervision.tables.inspections import site_visit
from processes.supervision.tables.matters import mandate
from processes.supervision.tables.matters import matter
from processes.supervision.tables.matters import number_sequence
from processes.supervision.tables.matters import opinion
from processes.supervision.tables.matters import paper
from processes.supervision.tables.matters import proposal
from processes.supervision.tables.publications import publication
from processes.supervision.tables.requests import caller_wait
from processes.supervision.tables.requests import clock_stop
from processes.supervision.tables.requests import difficulty
from processes.supervision.tables.requests import extension_request
from processes.supervision.tables.requests import reassignment
from processes.supervision.tables.requests import recommendation
from processes.supervision.tables.requests import responsible_person
from processes.supervision.tables.requests import ticket_extension
from processes.supervision.tables.requests import urge_response
from processes.supervision.tables.scoring import TENTHS
from processes.supervision.tables.scoring import circular_recipient
from processes.supervision.tables.scoring import conclusion
from processes.supervision.tables.scoring import conclusion_review
from processes.supervision.tables.scoring import score_decision
from processes.supervision.tables.scoring import score_entry
from processes.supervision.tables.three_lists import appraisal_result
from processes.supervision.tables.three_lists import level_opinion
from processes.supervision.tables.three_lists import measure
from processes.supervision.tables.three_lists import patrol_duty
from processes.supervision.tables.three_lists import problem
from processes.supervision.tables.three_lists import rectification
from processes.supervision.tables.three_lists import responsibility
from processes.supervision.tables.three_lists import root_cause
from processes.supervision.tables.three_lists import sample
from processes.supervision.tables.three_lists import second_look
from processes.supervision.tables.three_lists import verification
from processes.supervision.tables.training import training_attendance
from processes.supervision.tables.training import training_session
from processes.supervision.tables.undertakings import contact
from processes.supervision.tables.undertakings import progress_report
from processes.supervision.tables.undertakings import review
from processes.supervision.tables.undertakings import undertaking
from processes.supervision.tables.undertakings import urge

__all__ = [
    "TENTHS",
    "annual_volume",
    "appraisal_result",
    "archive_volume",
    "avoidance",
    "caller",
    "caller_look",
    "caller_wait",
    "circular",
    "circular_recipient",
    "clock_stop",
    "comparison",
    "completion",
    "conclusion",
    "conclusion_review",
    "contact",
    "deputy_proposal",
    "difficulty",
    "document",
    "evaluation",
    "explanation",
    "extension_request",
    "finding",
    "handover_meeting",
    "handover_receipt",
    "hotline_ticket",
    "inbox_message",
    "inbox_reading",
    "indicator_value",
    "inspection",
    "inspection_member",
    "inspection_plan",
    "level_opinion",
    "mandate",
    "matter",
    "measure",
    "number_sequence",
    "opinion",
    "paper",
    "patrol_duty",
    "problem",
    "progress_report",
    "proposal",
    "proposer",
    "publication",
    "reading_grant",
    "reading_look",
    "reassignment",
    "recommendation",
    "rectification",
    "reply",
    "responsibility",
    "responsible_person",
    "review",
    "root_cause",
    "sample",
    "score_decision",
    "score_entry",
    "second_look",
    "site_visit",
    "supplement",
    "survey",
    "target_adjustment",
    "ticket_extension",
    "tracking",
    "training_attendance",
    "training_session",
    "undertaking",
    "urge",
    "urge_response",
    "verification",
]
