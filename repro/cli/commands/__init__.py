"""The commands, one per file: parse, call, print, exit.

What only one command does belongs here; it is imported when the command is typed, so torch and MkDocs stay
out of the others. A command imports `repro.cli.parts`, the runner and `kb`, but no other command.
"""
