"""Identifiers of works: the forms that their standards give them, what no form can say, and which are equal.

Forms: RFC 3986 for addresses, ISO 26324 and the DOI Handbook for DOIs, ISO 2108 for ISBNs, ISO 3297 for
ISSNs; arXiv's own page on identifiers for its numbers.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote, unquote, urlsplit

URL = (
    r"^(?:[Hh][Tt][Tt][Pp][Ss]?|[Ff][Tt][Pp])://(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\\\[\]]+)(?::[0-9]+)?"
    r"(?:[/?#][^\s\\]*)?$"
)
DOI = r"^10\.[0-9]{4,9}(?:\.[0-9]+)*/\S+$"
ARXIV = r"^(?:[0-9]{4}\.[0-9]{4,5}|[a-z]+(?:-[a-z]+)?(?:\.[A-Za-z]+(?:-[a-z]+)?)?/[0-9]{7})$"
ISBN = r"^(?:[0-9][ -]?){9}(?:(?:[0-9][ -]?){3}[0-9]|[0-9Xx])$"
ISSN = r"^[0-9]{4}-[0-9]{3}[0-9X]$"

LONGEST_URL = 8000
"""Characters that every server and browser should take, by RFC 9110, section 4.1."""
_LAST_PORT = 65_535
_LONGEST_HOST, _LONGEST_LABEL = 253, 63
_LABEL = re.compile(rf"(?!-)[A-Za-z0-9_-]{{1,{_LONGEST_LABEL}}}(?<!-)")
_ARCHIVES = frozenset(
    [
        *("acc-phys", "adap-org", "alg-geom", "ao-sci", "astro-ph", "atom-ph", "bayes-an", "chao-dyn"),
        *("chem-ph", "cmp-lg", "comp-gas", "cond-mat", "cs", "dg-ga", "funct-an", "gr-qc", "hep-ex"),
        *("hep-lat", "hep-ph", "hep-th", "math", "math-ph", "mtrl-th", "nlin", "nucl-ex", "nucl-th"),
        *("patt-sol", "physics", "plasm-ph", "q-alg", "q-bio", "quant-ph", "solv-int", "supr-con"),
    ]
)
"""arXiv's archives until March 2007, closed ones included."""
_NEW_NUMBERS = (7, 4)  # numbers without an archive begin in April 2007
_FIVE_DIGITS = (15, 1)  # and have five digits after the point from January 2015 on
_FIRST_YEAR_OF_OLD_NUMBERS = 91
_DOI_HOSTS = ("doi.org", "dx.doi.org")
_DOI_OF_ARXIV = "10.48550/arxiv."
_ARXIV_PAGE = re.compile(r"/(?:abs|pdf|html)/(.+?)(?:v[0-9]+)?(?:\.pdf)?/?")


def url_fault(url: str) -> str | None:
    """Return why no reader can open an address that has the form of one, or None."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        is_port = "ort" in str(error)
        return f"a port that is not from 1 to {_LAST_PORT}" if is_port else "a host that is not an address"
    if port == 0:
        return f"a port that is not from 1 to {_LAST_PORT}"
    return _host_fault(host)


def _host_fault(host: str) -> str | None:
    name = host.removesuffix(".")
    last = name.rpartition(".")[2]
    if ":" in host or (last.isascii() and last.isdigit()):
        return _address_fault(host)
    if not name.isascii():
        name = _in_ascii(name)
    labels = name.split(".")
    if len(labels) < 2 or len(name) > _LONGEST_HOST or not all(map(_LABEL.fullmatch, labels)):
        return "a host that no reader can find"
    return None


def _address_fault(host: str) -> str | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "a host that is not an address"
    return None if address.is_global else "an address of a private network"


def _in_ascii(name: str) -> str:
    """Return a host's name as it is looked up, empty if it cannot be."""
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        return ""


def doi_fault(doi: str) -> str | None:
    """Return why something with the form of a DOI is none, or None."""
    suffix = doi.partition("/")[2]
    return None if any(char.isalnum() for char in suffix) else "a DOI whose suffix has no letter and no digit"


def arxiv_fault(number: str) -> str | None:
    """Return why arXiv cannot have given a number, or None."""
    archive, slash, digits = number.rpartition("/")
    year, month = int(digits[:2]), int(digits[2:4])
    if not 1 <= month <= 12:
        return f"an arXiv number of month {month:02}"
    if int(digits[4:].lstrip(".")) == 0:
        return "an arXiv number that ends in zeros"
    if slash:
        return _old_number_fault(archive.partition(".")[0], year, month)
    if (year, month) < _NEW_NUMBERS:
        return "an arXiv number without archive from before April 2007"
    wanted = 5 if (year, month) >= _FIVE_DIGITS else 4
    return (
        None if len(digits) == wanted + 5 else f"an arXiv number of 20{year:02} without {wanted} last digits"
    )


def _old_number_fault(archive: str, year: int, month: int) -> str | None:
    if archive not in _ARCHIVES:
        return f"the archive {archive}, which arXiv did not have"
    is_old = year >= _FIRST_YEAR_OF_OLD_NUMBERS or (year, month) < _NEW_NUMBERS
    return None if is_old else "an arXiv number with archive from after March 2007"


def isbn_fault(isbn: str) -> str | None:
    """Return why an ISBN cannot be right, or None."""
    digits = isbn.replace("-", "").replace(" ", "").upper()
    if len(digits) == 13:
        is_right = digits[:3] in ("978", "979") and _weighed(digits, (1, 3) * 7) % 10 == 0
    else:
        is_right = _weighed(digits, range(10, 0, -1)) % 11 == 0
    return None if is_right else "an ISBN whose check digit is wrong"


def issn_fault(issn: str) -> str | None:
    """Return why an ISSN cannot be right, or None."""
    is_right = _weighed(issn.replace("-", ""), range(8, 0, -1)) % 11 == 0
    return None if is_right else "an ISSN whose check digit is wrong"


def _weighed(digits: str, weights: range | tuple[int, ...]) -> int:
    values = (10 if digit == "X" else int(digit) for digit in digits)
    return sum(weight * value for weight, value in zip(weights, values, strict=False))


def month_of_arxiv(number: str) -> str:
    """Return the month in which arXiv gave a number, such as `2017-06`."""
    digits = number.rpartition("/")[2]
    is_of_last_century = "/" in number and int(digits[:2]) >= _FIRST_YEAR_OF_OLD_NUMBERS
    return f"{'19' if is_of_last_century else '20'}{digits[:2]}-{digits[2:4]}"


def address_of_doi(doi: str) -> str:
    """Return the address of a DOI, in which every character that is not plain is encoded."""
    return f"https://doi.org/{quote(doi, safe='/:')}"


def address_of_arxiv(number: str) -> str:
    """Return the address of an arXiv number."""
    return f"https://arxiv.org/abs/{number}"


def work(field: str, value: str) -> tuple[str, str]:
    """Return the kind and the name of what an identifier leads to: equal for the same work, however written.

    Case does not matter in a DOI, nor the subject class in an old arXiv number, nor the protocol in an
    address; addresses of doi.org and arxiv.org are those identifiers.

    Args:
        field: `DOI`, `arxiv` or `URL`.
        value: As in a record.
    """
    if field == "DOI":
        lower = value.lower()
        of_arxiv = lower.startswith(_DOI_OF_ARXIV)
        return work("arxiv", lower.removeprefix(_DOI_OF_ARXIV)) if of_arxiv else ("DOI", lower)
    if field == "arxiv":
        archive, slash, digits = value.lower().rpartition("/")
        return "arxiv", archive.partition(".")[0] + slash + digits
    parts = urlsplit(value)
    host = (parts.hostname or "").removesuffix(".").removeprefix("www.")
    page = _ARXIV_PAGE.fullmatch(parts.path)
    if host in _DOI_HOSTS and re.match(DOI, unquote(parts.path[1:])):
        return work("DOI", unquote(parts.path[1:]))
    if host == "arxiv.org" and page:
        return work("arxiv", page[1])
    rest = unquote(parts.path).rstrip("/") + "".join(
        f"{mark}{part}" for mark, part in (("?", parts.query), ("#", parts.fragment)) if part
    )
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    return "URL", host + port + rest
