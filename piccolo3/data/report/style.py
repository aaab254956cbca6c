"""The style sheet of reports; colours that colour-blind people can tell apart (Wong, Nature Methods 8, 441, 2011)."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
:root{--ink:#22272b;--soft:#667079;--line:#dfe3e7;--back:#fff;--card:#f5f7f8}
@media(prefers-color-scheme:dark){:root{--ink:#e4e7ea;--soft:#98a2ab;--line:#353b41;--back:#16191c;--card:#1f2428}}
body{font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--back);max-width:920px;margin:0 auto;
padding:1.5rem}
h1{font-size:1.7rem;margin:0 0 .8rem}h2{font-size:1.15rem;margin:2.2rem 0 .6rem}h3{font-size:1rem}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(200px,1fr));gap:.6rem;margin:0}
dl div{background:var(--card);border-radius:8px;padding:.6rem .8rem}dt{color:var(--soft);font-size:.8rem}
dd{margin:0;font-weight:600;overflow-wrap:anywhere}
svg{width:100%;height:auto;display:block}figure{margin:0 0 1.2rem}
figcaption{font-weight:600;margin-bottom:.2rem}figcaption em{font-weight:400;color:var(--soft)}
.grid{stroke:var(--line);stroke-width:1}.tick{fill:var(--soft);font-size:11px}
polyline{fill:none;stroke-width:1.3;stroke-linejoin:round}
polyline.c0{stroke:#0072b2}polyline.c1{stroke:#009e73}polyline.c2{stroke:#d55e00}polyline.c3{stroke:#cc79a7}
polyline.c4{stroke:#e69f00}polyline.c5{stroke:#56b4e9}
circle.c0{fill:#0072b2}circle.c1{fill:#009e73}circle.c2{fill:#d55e00}circle.c3{fill:#cc79a7}
circle.c4{fill:#e69f00}circle.c5{fill:#56b4e9}
rect.good{fill:#009e73}rect.flagged{fill:#56b4e9}rect.warn{fill:#e69f00}rect.bad{fill:#d55e00}rect.none{fill:var(--line)}
.legend{margin:.3rem 0 0;color:var(--soft);font-size:.85rem}.legend span{margin-right:1.2rem;white-space:nowrap}
.legend span::before{content:"";display:inline-block;width:.8em;height:.8em;border-radius:3px;margin-right:.4em;
vertical-align:-.05em;background:currentColor}
.legend .good::before,.legend .c1::before{background:#009e73}
.legend .flagged::before,.legend .c5::before{background:#56b4e9}
.legend .warn::before,.legend .c4::before{background:#e69f00}
.legend .bad::before,.legend .c2::before{background:#d55e00}
.legend .c0::before{background:#0072b2}.legend .c3::before{background:#cc79a7}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem;margin:.4rem 0}
th,td{text-align:left;padding:.25rem .7rem .25rem 0;border-bottom:1px solid var(--line);white-space:nowrap}
td:last-child{white-space:normal}th{color:var(--soft);font-weight:600}
summary{cursor:pointer;color:var(--soft)}.note{color:#d55e00;font-weight:600}
footer{margin-top:3rem;color:var(--soft);font-size:.8rem}
@media print{body{max-width:none;padding:0}section{break-inside:avoid}}
""".strip()
