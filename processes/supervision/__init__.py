"""The office's records: what the procedures write when people act."""
