"""What strangers, designers and clients may send: refused, and nothing changed."""
