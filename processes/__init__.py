"""What the supervision office does: its procedures and the records they act on."""
