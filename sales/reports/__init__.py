"""What the shop can read about its selling."""
