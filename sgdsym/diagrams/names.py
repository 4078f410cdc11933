r"""The names that the literature gives to the diagrams of the first three orders, in joint moments.

The letter tells the tree (I one edge, V a path of two, Y a star of three, Z a path of three), the rest the blocks.
Source: [Tenka2020]_ and its companion code.
"""

from __future__ import annotations

from collections.abc import Mapping

from sgdsym.diagrams.diagram import Diagram

_TREES = {"I": "01", "V": "01-12", "Y": "03-13-23", "Z": "01-12-23"}
_BLOCKS = {
    "Ipln": "0-1",
    "Iall": "01",
    "Vpln": "0-1-2",
    "Vlvs": "02-1",
    "Vtwg": "01-2",
    "Vall": "012",
    "Ypln": "0-1-2-3",
    "Ylvs": "01-2-3",
    "Yerg": "012-3",
    "Ytwg": "03-1-2",
    "Ysli": "01-23",
    "Yvee": "013-2",
    "Yall": "0123",
    "Zpln": "0-1-2-3",
    "Zlvs": "03-1-2",
    "Zalt": "02-1-3",
    "Zexc": "023-1",
    "Ztwg": "01-2-3",
    "Zmid": "0-12-3",
    "Zsli": "03-12",
    "Zvee": "012-3",
    "Zall": "0123",
    "Zsll": "01-23",
    "Zsii": "02-13",
}


def _named(name: str) -> Diagram:
    blocks, edges = (
        [[int(label) for label in part] for part in text.split("-")] for text in (_BLOCKS[name], _TREES[name[0]])
    )
    return Diagram(sum(map(len, blocks)), edges, blocks)


DIAGRAM_NAMES: Mapping[str, Diagram] = {name: _named(name) for name in _BLOCKS}
