"""Diagrams: read from XML into values, normalised, and judged by the linter."""
