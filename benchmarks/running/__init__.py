"""What the benchmark of a whole forecast run is made of."""
