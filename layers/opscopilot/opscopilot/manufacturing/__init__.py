"""The canonical picture of a plant: masters, orders, stock. Written by normalize only, read by everyone."""
