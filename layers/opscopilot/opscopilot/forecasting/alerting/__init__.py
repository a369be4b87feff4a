"""Which conditions become alerts, and how they are kept: one problem, one alert."""
