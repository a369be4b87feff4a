"""What the forecast means for stock: positions, stock-out risk, advice."""
