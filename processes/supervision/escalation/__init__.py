"""What a missed day brings: rungs climbed, urges, letters, recommendations."""
