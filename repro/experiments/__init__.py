"""One experiment a file, discovered by name; each measures, none judges."""
