"""What leaders write, cancel, are told and see first."""
