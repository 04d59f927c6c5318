"""Dossiers (案卷): a matter with all its records, who may read it, its filing."""
