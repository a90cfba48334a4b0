"""Pages of those who watch over the data: privacy and security officers; partners' first page."""
