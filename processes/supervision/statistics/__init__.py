"""Figures (统计): the formulas, the tables RP-01 to RP-15, the quarterly circular."""
