"""The hotline (热线): tickets, callers, results, what only its matters ask for."""
