"""What benchmarks/sensors.py needs: labelled series and the published way of scoring detectors on them."""
