"""What the screens of goods and stock show, read in one trip each, as plain values."""
