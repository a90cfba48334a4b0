"""Who acts for somebody else: mandates with a scope and an end, and what stays closed to them."""
