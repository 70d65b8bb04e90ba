"""The child process that measures: it confines itself, runs one task at a time and reports over a pipe."""
