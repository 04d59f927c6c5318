"""How people and other systems see the office: pages, REST, command line."""
