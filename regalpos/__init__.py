"""RegalPOS: the ground that the three apps stand on, and the roof above them."""
