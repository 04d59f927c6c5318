"""The three lists (三单): problems, measures, responsibilities, second looks."""
