"""Safety stocks, classes and stock projections as planners work with them."""
