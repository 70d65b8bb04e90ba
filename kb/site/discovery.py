"""Where other programs find things: robots, a search for the browser's address bar, and pages to embed."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

from markupsafe import escape

from kb.exports.published import Site
from kb.exports.xml import document
from kb.site.templates import environment, relative

OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
EMBED = "embed/claims"
WIDTH, HEIGHT = 480, 220
"""Size in pixels of the frame in which an embedded claim is offered."""


def files(site: Site) -> dict[str, str]:
    """Return the files for robots and for browsers, and for each claim the page to embed, by path."""
    found = {"robots.txt": robots(site), "opensearch.xml": opensearch(site)}
    for name, claim_ids in site.named.items():
        if name in site.base.claims:
            found[f"{EMBED}/{name}/index.html"] = embedded(site, name)
        titles = " / ".join(site.base.claims[i].title for i in claim_ids)
        found[f"oembed/claims/{name}.json"] = oembed(
            site, claim_ids[0] if len(claim_ids) == 1 else name, titles
        )
    return found


def robots(site: Site) -> str:
    """Return a `robots.txt` that admits every robot and names the site map."""
    return f"User-agent: *\nDisallow:\n\nSitemap: {site.absolute('sitemap.xml')}\n"


def opensearch(site: Site) -> str:
    """Return the description by which a browser searches the table of claims."""
    root = ET.Element("OpenSearchDescription", xmlns=OPENSEARCH)
    texts = {
        "ShortName": "Assay",
        "Description": "Claims of the deep-learning alchemy debate, put to the test",
        "InputEncoding": "UTF-8",
    }
    for name, text in texts.items():
        ET.SubElement(root, name).text = text
    template = f"{site.address}claims/?text={{searchTerms}}"
    ET.SubElement(root, "Url", type="text/html", method="get", template=template)
    own = site.absolute("opensearch.xml")
    ET.SubElement(root, "Url", type="application/opensearchdescription+xml", rel="self", template=own)
    return document(root)


def embedded(site: Site, claim_id: str) -> str:
    """Return a page that shows a claim in a frame of another site, without script or theme."""
    here = f"{EMBED}/{claim_id}/"
    template = environment(site.root).get_template("embed.html.jinja")
    return template.render(
        title=site.base.claims[claim_id].title,
        state=site.judgements[claim_id].state,
        told=site.told[claim_id].rest,
        scope=_scope(site, claim_id),
        marks=[mark.words for mark in site.marks(claim_id) if mark.is_warning],
        standing=site.standings.get(claim_id),
        page=relative(f"claims/{claim_id}/", here),
        style=relative("assets/embed.css", here),
        canonical=site.absolute(f"claims/{claim_id}/"),
    )


def _scope(site: Site, claim_id: str) -> str:
    """Return on what a claim with a verdict was tested, on one line; empty where nothing was measured."""
    scope = site.base.claims[claim_id].scope
    return " ".join(scope.split()) if scope and site.judgements[claim_id].verdict else ""


def oembed(site: Site, claim_id: str, title: str) -> str:
    """Return what a program that knows only the address of a claim needs in order to embed it."""
    frame = site.absolute(f"{EMBED}/{claim_id}/")
    html = f'<iframe src="{frame}" width="{WIDTH}" height="{HEIGHT}" title="{escape(title)}"></iframe>'
    answer: dict[str, Any] = {
        "version": "1.0",
        "type": "rich",
        "title": title,
        "url": site.absolute(f"claims/{claim_id}/"),
        "author_name": "The Assay authors",
        "provider_name": "Assay",
        "provider_url": site.address,
        "width": WIDTH,
        "height": HEIGHT,
        "html": html,
    }
    return json.dumps(answer, ensure_ascii=False) + "\n"
