"""Mail out over a relay, and the reading of what comes back."""
