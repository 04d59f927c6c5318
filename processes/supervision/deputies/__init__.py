"""Suggestions and proposals (建议提案): from the handover to the annual volume."""
