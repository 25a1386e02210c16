"""Letters on paper: a tagged PDF for a window envelope, drawn from data by a layout of our own."""
