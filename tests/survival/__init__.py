"""Proofs that nothing is lost and nothing happens twice, whatever dies when."""
