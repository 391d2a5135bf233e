"""The frame of every HTML report: one file, in the house's style.

Its Content-Security-Policy allows the one style and the one script that are in it, by their hashes, and nothing else;
so even text that got past the escaping could not run.
"""

import base64
import hashlib
from importlib import resources
from string import Template


def page(title: str, body: str, *, style: str = "", script: str = "") -> str:
    """A whole HTML document in UTF-8.

    Args:
        title: escaped.
        body: what is in it, escaped where it is text.
        style: CSS of this report, on top of the house's.
        script: JavaScript of this report; the page must be whole without.

    Returns:
        The document.
    """
    styles = packaged(__package__, "page.css") + style
    return Template(packaged(__package__, "page.html")).substitute(
        title=title, style=styles, style_hash=_hash(styles), script=script, script_hash=_hash(script), body=body
    )


def packaged(package: str, name: str) -> str:
    """A text file that is packaged with the code.

    Args:
        package: where it is.
        name: of the file.

    Returns:
        Its content.
    """
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"
