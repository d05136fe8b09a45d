"""Outlines of communes: the map's frame, and what is shipped."""

import xml.etree.ElementTree as ET

import pytest

from config.communes import Communes
from config.outlines import WIDTH, Frame, outlines_of


@pytest.mark.parametrize("department", ["39", "974"])
def test_town_halls_lie_within_their_departments_picture(department: str) -> None:
    outlines = outlines_of(department)
    assert outlines is not None
    for commune in Communes.load():
        if commune.department == department and commune.longitude and commune.latitude:
            across, down = outlines.frame.place(commune.longitude, commune.latitude)
            assert 0 <= across <= WIDTH, commune
            assert 0 <= down <= outlines.frame.height, commune


def test_the_picture_has_neither_style_nor_script() -> None:
    outlines = outlines_of("974")
    assert outlines is not None
    root = ET.fromstring(outlines.svg())  # noqa: S314 - our own
    assert [child.tag.rpartition("}")[2] for child in root] == ["path"]
    assert "style" not in root[0].attrib


@pytest.mark.parametrize("department", ["75", "../39", ""])
def test_of_other_departments_there_is_none(department: str) -> None:
    assert outlines_of(department) is None


def test_north_is_up_and_east_is_right() -> None:
    frame = Frame.around([(5.0, 46.0), (6.0, 47.0)])
    assert frame.place(5.0, 47.0) == (12.0, 12.0)
    west, south = frame.place(5.0, 46.0)
    east, north = frame.place(6.0, 47.0)
    assert (west, north) == (12.0, 12.0)
    assert east == pytest.approx(WIDTH - 12)
    # a degree of longitude at 46.5° is 0.688 of one of latitude
    assert (east - west) / (south - north) == pytest.approx(0.688, abs=0.001)
