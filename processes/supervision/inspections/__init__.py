"""Inspections (督查活动): planned, carried out by a group, reported, concluded."""
