"""A year of the office, lived through in minutes on the real engine."""
