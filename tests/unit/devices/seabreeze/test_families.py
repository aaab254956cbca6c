from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest

from piccolo3.devices.seabreeze.families import BACKENDS, FAMILIES, family_of, family_of_product
from piccolo3.devices.seabreeze.reference import table
from piccolo3.devices.seabreeze.usbbus import NO_PERMISSION

RULES = Path(__file__).parents[4] / "etc/udev/60-piccolo3.rules"
PAGE = Path(__file__).parents[4] / "docs/reference/spectrometers.md"


def test_names_and_numbers_are_those_of_one_family() -> None:
    names = [name for family in FAMILIES for name in {n.upper() for n in family.names}]
    assert len(names) == len(set(names))
    assert len({family.model for family in FAMILIES}) == len(FAMILIES)
    assert all(set(family.backends) <= set(BACKENDS) and family.backends for family in FAMILIES)
    assert all(family.source for family in FAMILIES)


def test_what_cseabreeze_knows_is_known() -> None:
    seabreeze = pytest.importorskip("seabreeze.cseabreeze")
    models = seabreeze.SeaBreezeAPI(initialize=True).supported_models()
    unknown = [name for name in models if not family_of(name).products]
    assert not unknown
    not_its = [name for name in models if "cseabreeze" not in family_of(name).backends]
    assert not not_its


def test_what_pyseabreeze_knows_is_known_by_the_same_numbers() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transport = pytest.importorskip("seabreeze.pyseabreeze.transport")
    for product, name in transport.USBTransport.vendor_product_ids.items():
        family = family_of(name)
        assert product in family.products
        assert "pyseabreeze" in family.backends


def test_the_flame_is_told_by_its_serial_number() -> None:
    models = [getattr(family_of_product(0x2457, 0x101E, name), "model", None) for name in (None, "USB2+1", "FLMS1")]
    assert models == ["USB2000+", "USB2000+", "FLAME-S"]
    assert family_of_product(0x2457, 0xFFFF) is None


def test_the_reference_has_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    written = page.split("<!-- families begin -->\n")[1].split("<!-- families end -->")[0]
    assert written == table(), "run: python -m piccolo3.devices.seabreeze.reference"


def test_the_udev_rules_are_for_all_of_them() -> None:
    rules = RULES.read_text(encoding="utf-8")
    vendors = {f"{vendor:04x}" for family in FAMILIES for vendor, _ in family.products}
    assert set(re.findall(r'ATTR\{idVendor\}=="([0-9a-f]{4})"', rules)) == vendors
    assert "60-piccolo3.rules" in NO_PERMISSION
