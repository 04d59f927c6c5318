"""What forms offer, show again and are called."""
