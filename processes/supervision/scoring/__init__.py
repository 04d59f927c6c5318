"""Scores (考评): the measure of the office, the entries, the hearing of a unit."""
