"""The page "Ten ways EM goes wrong": docs/ten_ways.py would write it as it is, and each mistake is found."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

DOCS = Path(__file__).parent.parent / "docs"
NUMBER = re.compile(r"-?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]\d+)?")


@pytest.fixture(scope="module")
def ten_ways():
    """Import the program that writes the page."""
    sys.path.insert(0, str(DOCS))
    import ten_ways

    sys.path.remove(str(DOCS))
    return ten_ways


def test_a_line_that_is_not_in_the_correct_implementation_is_reported(ten_ways):
    way = ten_ways.replace(ten_ways.WAYS["hard"], diff="-a = 1\n+a = 2")
    with pytest.raises(ValueError, match="not in the correct implementation"):
        _ = way.code


def test_each_mistake_is_found_and_the_page_is_as_its_program_writes_it(ten_ways):
    assert ten_ways.checked(ten_ways.CORRECT)["outcome"] == "right"
    found = {name: ten_ways.checked(way.code) for name, way in ten_ways.WAYS.items()}
    outcomes = {name: one["outcome"] for name, one in found.items()}
    assert outcomes == dict.fromkeys(ten_ways.WAYS, "explained") | {"random_start": "own start"}
    new, old = ten_ways.page(found), (DOCS / "ten-ways.md").read_text(encoding="utf-8")
    assert NUMBER.sub("0", new) == NUMBER.sub("0", old), "run: python docs/ten_ways.py"
    new, old = ([float(number.replace(",", "")) for number in NUMBER.findall(text)] for text in (new, old))
    # On another processor a last digit may be rounded otherwise, and a run may take one step more.
    np.testing.assert_allclose(new, old, rtol=0.05, err_msg="run: python docs/ten_ways.py")


def test_each_way_has_a_small_picture(ten_ways):
    pictures = {picture.stem: picture.stat().st_size for picture in (DOCS / "ten-ways").glob("*.webp")}
    assert pictures.keys() == ten_ways.WAYS.keys()
    assert max(pictures.values()) < 40_000
