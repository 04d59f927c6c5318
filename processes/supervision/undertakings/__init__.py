"""Undertakings (承办): a unit's part, its reports and what the office says of them."""
