"""Comments on dockets: filed by machine at regulations.gov, or by the member at a portal with the packet made here."""
