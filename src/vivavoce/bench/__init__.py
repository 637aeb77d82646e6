"""How fast and how well a live server hears, measured from outside, in real time."""
