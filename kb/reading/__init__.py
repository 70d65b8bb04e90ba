"""From a tree of files to records and scripts, with a problem for everything that is wrong in them."""
