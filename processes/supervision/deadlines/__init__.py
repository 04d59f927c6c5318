"""When something is due, how close that is, and which rungs its ladder has."""
