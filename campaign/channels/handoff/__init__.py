"""Offices that have nothing but a web form: the page's data for a person who copies the letter over."""
