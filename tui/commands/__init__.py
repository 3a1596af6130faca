"""What the keys of a screen do: one module for each kind of thing, joined by the screen that has them."""
