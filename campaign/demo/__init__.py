"""The demonstration: invented association, real offices. Content as data; the command that loads it drives the services."""
