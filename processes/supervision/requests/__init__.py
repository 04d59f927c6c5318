"""What a unit asks for: more time, another unit, help; and clocks that stand."""
