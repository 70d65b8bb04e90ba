// Leads on from the old address of a claim, with the part of the page that the link named.
location.replace(document.querySelector("link[rel=canonical]").href + location.hash);
