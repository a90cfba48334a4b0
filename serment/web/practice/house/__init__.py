"""What the house publishes of itself: name, places, who receives and why people come."""
