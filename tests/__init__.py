"""The tests mirror the rooms: engine, processes, web."""
