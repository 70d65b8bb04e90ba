"""The one voice: states, relations and findings as structured pieces and as sentences."""
