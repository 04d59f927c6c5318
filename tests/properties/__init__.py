"""Whatever diagram, whatever path: properties that hold for all of them."""
