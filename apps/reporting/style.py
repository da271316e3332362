"""The style sheet of a report: one column on a phone, several on a desk, light and dark."""

# Eight colours that are told apart by most readers, each at least 3 : 1 against its background.
_LIGHT = ("#0068a8", "#c14d00", "#00745a", "#a83279", "#806000", "#555b66", "#6a3fb5", "#b3263a")
_DARK = ("#62b5f5", "#ff9d5c", "#3fd9ac", "#f28ccb", "#e5c64b", "#b9c0cc", "#b9a0fa", "#ff8593")
COLOURS = len(_LIGHT)
"""int, how many runs have a colour of their own; later ones differ by their dashes."""


def _palette(colours: tuple[str, ...]) -> str:
    return "".join(f"--c{index}:{colour};" for index, colour in enumerate(colours))


_STROKES = "".join(
    f".c{index}{{stroke:var(--c{index});fill:var(--c{index})}}\n" for index in range(COLOURS)
)

STYLE = (
    f"""
:root{{--page:#fff;--text:#1b1f24;--soft:#565e69;--rule:#d5d9e0;--link:#0058a3;
--warn:#fff6dd;--edge:#b98900;{_palette(_LIGHT)}}}
@media (prefers-color-scheme:dark){{:root{{--page:#14171c;--text:#e7eaef;
--soft:#a8b0bc;--rule:#3a414c;--link:#7cbcff;--warn:#332a10;--edge:#d3a52a;{_palette(_DARK)}}}}}
"""
    + """
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:0 1rem 3rem;max-width:78rem;background:var(--page);color:var(--text);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
overflow-wrap:anywhere}
h1{font-size:1.7rem;line-height:1.2;margin:1.5rem 0 .3rem}
h2{font-size:1.3rem;margin:2.5rem 0 .6rem;padding-bottom:.25rem;border-bottom:1px solid var(--rule)}
h3{font-size:1.05rem;margin:1.6rem 0 .5rem}
p{margin:.4rem 0 .8rem;max-width:48rem}
.soft,figcaption span{color:var(--soft);font-weight:400}
a{color:var(--link)}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;list-style:none;margin:.8rem 0;padding:0}
nav a{display:inline-block;padding:.25rem 0}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
aside{background:var(--warn);border-left:.3rem solid var(--edge);padding:.1rem 1rem;margin:1.2rem 0}
aside h2{border:0;margin:.7rem 0 .2rem;font-size:1.1rem}
aside ul{margin:.2rem 0 .8rem;padding-left:1.2rem}
.scroll{overflow-x:auto;margin:.6rem 0 1rem}
.scroll:focus-visible,a:focus-visible,summary:focus-visible{outline:2px solid var(--link);
outline-offset:2px}
table{border-collapse:collapse;font-size:.92rem;overflow-wrap:normal}
caption{text-align:left;color:var(--soft);padding:.2rem 0 .35rem}
th,td{border-bottom:1px solid var(--rule);padding:.3rem .8rem .3rem 0;text-align:left;
vertical-align:top;font-variant-numeric:tabular-nums}
td,tbody th{max-width:30rem;overflow-wrap:break-word;min-width:4.5rem}
thead th{white-space:nowrap;color:var(--soft);font-weight:600}
tbody th{font-weight:600}
.keys td{overflow-wrap:anywhere}
.charts+.charts{margin-top:1.6rem}
.keys tbody th{font-weight:400;color:var(--soft)}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,11rem),1fr));
gap:.7rem 1.5rem;margin:.8rem 0}
dt{color:var(--soft);font-size:.86rem}
dd{margin:0;font-variant-numeric:tabular-nums}
.columns{columns:20rem;column-gap:2.5rem}
.columns>.scroll{break-inside:avoid;margin-top:0}
details{margin:.5rem 0}
summary{cursor:pointer;padding:.25rem 0;color:var(--link)}
.charts,.grid{display:grid;gap:1.4rem 1.6rem;grid-template-columns:
repeat(auto-fill,minmax(min(100%,20.5rem),1fr));align-items:start;margin:.8rem 0}
.strip{grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr));gap:1rem}
.broad{grid-template-columns:repeat(auto-fill,minmax(min(100%,36rem),1fr))}
@media (max-width:40rem){.strip{grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr))}}
figure{margin:0;min-width:0}
figcaption{font-weight:600;margin-bottom:.25rem;line-height:1.35}
figcaption span{display:block;font-size:.86rem}
figure img{display:block;max-width:100%;height:auto;background:#fff;border:1px solid var(--rule)}
.wide{grid-template-columns:1fr}
figure .scroll{margin:0}
.scroll img{max-width:none;width:100%;min-width:34rem}
.wide .scroll img{min-width:52rem}
.gone{border:1px dashed var(--rule);padding:1.5rem .8rem;color:var(--soft);font-size:.9rem}
.legend{list-style:none;margin:.2rem 0 0;padding:0;font-size:.86rem;line-height:1.4}
.legend li{padding-left:2.1rem;text-indent:-2.1rem}
.legend svg{width:1.6rem;height:.6rem;margin-right:.5rem;vertical-align:middle}
.chart>svg{display:block;width:100%;height:auto}
.chart text,.chart tspan{fill:var(--soft);font-size:12px}
.axis{stroke:var(--soft);fill:none}
.rule{stroke:var(--rule);fill:none}
.line{fill:none!important;stroke-width:1.8;stroke-linejoin:round}
.band{stroke:none!important;fill-opacity:.16}
.bar{stroke-width:1.2;stroke-opacity:.75}
.back{stroke-width:.8;fill:none!important}
.lost{stroke-width:1.6;fill:none!important}
.d1{stroke-dasharray:7 3}.d2{stroke-dasharray:2 3}.floor{stroke-dasharray:1 3;stroke-width:1.4}
footer{margin-top:3rem;color:var(--soft);font-size:.88rem}
@media print{body{max-width:none}figure,table{break-inside:avoid}nav{display:none}}
"""
    + _STROKES
)
"""str, the whole style sheet; its hash is in the page's policy."""
