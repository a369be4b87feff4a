"""Who there is, where they are reached, when they are at work, on call or asleep."""
