"""The cells of the tutorial, one after the other, on a simulated rig."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest

from piccolo3.client.sync import Piccolo
from tests.rigs import instrument, serving

NOTEBOOK = Path(__file__).parents[3] / "docs/tutorials/reflectance.ipynb"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    mpl.use("Agg")
    text = instrument(("dummy_FLM:FLAME-S", "dummy_STS:STS-VIS", "dummy_QEP:QE-PRO"))
    with serving(tmp_path / "data", text) as url:
        yield url


def run_cell(source: str, names: dict[str, Any]) -> object:
    """Execute, and return the value of a last expression as Jupyter does."""
    tree = ast.parse(source)
    last = tree.body[-1]
    if isinstance(last, ast.Expr) and not source.rstrip().endswith(";"):
        exec(compile(ast.Module(tree.body[:-1], []), "cell", "exec"), names)
        return eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    exec(compile(tree, "cell", "exec"), names)
    return None


def test_the_tutorial(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert not any(cell.get("outputs") for cell in notebook["cells"])
    names: dict[str, Any] = {}
    try:
        shown = [run_cell(source.replace("coap://localhost", url), names) for source in sources]
    finally:
        if isinstance(names.get("rig"), Piccolo):
            names["rig"].close()
    assert shown[0] == ["S_dummy_FLM", "S_dummy_QEP", "S_dummy_STS"]
    assert "24 spectra" in repr(shown[1])
    assert dict(names["spectra"].to_xarray("dummy_QEP").sizes)["spectrum"] == 8
    assert len((tmp_path / "reflectance.csv").read_text().splitlines()) > 1000
    import matplotlib.pyplot as plt

    assert len(plt.gca().get_lines()) == 3
    plt.close("all")
    assert "8 of 8" in capsys.readouterr().out


def test_ten_lines_are_enough() -> None:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    lines = [line for cell in notebook["cells"] if cell["cell_type"] == "code" for line in cell["source"]]
    needed = [line for line in lines if line.strip() and not line.startswith(("plt.xl", "plt.yl", "plt.le", "print"))]
    assert len(needed) <= 20  # ten to record, plot and save, the rest to look around
