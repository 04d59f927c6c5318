"""Matters (督查事项): where they come from, what is proposed, decided and kept."""
