"""An XML document as text, the same bytes on every machine."""

from __future__ import annotations

from xml.etree import ElementTree as ET

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def document(root: ET.Element) -> str:
    """Return a document with one element per line."""
    ET.indent(root, "")
    return f"{HEAD}{ET.tostring(root, encoding='unicode')}\n"
