"""The commands, one a file: parse, call, print, exit."""
