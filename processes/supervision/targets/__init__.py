"""Targets (目标): what is measured, month by month, until the year is over."""
