"""The page of one claim: sections in order, each made by one function and laid out by one template part."""
