"""What the product knows without a framework, a database or a network: plain functions and frozen values."""
