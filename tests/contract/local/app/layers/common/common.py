"""What a layer would hold."""
