"""The commands, one a file: parse, call, print, exit.

Here belongs what one command alone does; it is imported when the command is typed, so torch and MkDocs stay
out of the others. Imports `repro.cli.parts`, the runner and `kb`, and no other command.
"""
