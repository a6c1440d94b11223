"""`index.html` of a demo run: the story and a chart of the split, one self-contained page without any fetch."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from .summary import Payout, Summary

_STYLE = """
:root{--paper:#fbfaf7;--ink:#1f1d1a;--soft:#6d675e;--line:#e2ddd3;--bar:#2f6f62;--out:#b8b0a3;--stop:#9a3d2b;--card:#fff}
@media (prefers-color-scheme:dark){:root{--paper:#171614;--ink:#efece6;--soft:#a59e92;--line:#35322d;--bar:#6fbfae;
--out:#57524a;--stop:#e08a73;--card:#201e1b}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:17px/1.55 ui-serif,Georgia,"Times New Roman",serif}
main{max-width:46rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}h1{font-size:2rem;line-height:1.2;margin:0 0 .4rem}
h2{font-size:1.2rem;margin:2.4rem 0 .8rem}p.lead{color:var(--soft);margin:0 0 1.6rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.7rem}
.figures div{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.7rem .9rem}
.figures b{display:block;font-size:1.35rem;font-variant-numeric:tabular-nums}
.figures span{color:var(--soft);font-size:.85rem}
ol{padding-left:1.4rem}ol li{margin:.35rem 0}
.stop{border-left:3px solid var(--stop);padding:.1rem 0 .1rem .9rem;margin:.9rem 0}
.stop small{color:var(--soft);display:block}
svg{width:100%;height:auto;display:block}svg text{fill:var(--ink);font-size:13px}
svg .soft{fill:var(--soft)}svg .bar{fill:var(--bar)}svg .none{fill:var(--out)}
footer{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:1rem;color:var(--soft);font-size:.9rem}
code{font-size:.85em;overflow-wrap:anywhere}
"""


def money(base_units: int, decimals: int = 6) -> str:
    """Base units as a decimal with two places, rounded down; integers only.

    >>> money(1_234_567_890)
    '1,234.56'
    """
    whole, rest = divmod(base_units, 10**decimals)
    cents = f"{rest:0{decimals}d}"[:2]
    return f"{whole:,}.{cents}"


def _figures(summary: Summary) -> str:
    cells = [
        (money(summary.price), "test dollars, escrowed"),
        (money(summary.paid_to_members), "paid to members"),
        (money(summary.fees), "fees, as set at genesis"),
        (f"{summary.votes_for} : {summary.votes_against}", f"for : against, {summary.votes_abstain} abstained"),
        (str(summary.opt_outs), "members opted out"),
        (f"{summary.dataset_rows:,}", "rows the buyer opened"),
        (str(summary.delivered_nodes), "node keys, checked on-chain"),
        (summary.committee, "key keepers"),
    ]
    return "".join(f"<div><b>{escape(value)}</b><span>{escape(label)}</span></div>" for value, label in cells)


def _chart(payouts: Sequence[Payout]) -> str:
    """Horizontal bars, one per member; the width is the amount's share of the largest, in whole pixels."""
    row, left, width = 26, 150, 380
    largest = max((p.amount for p in payouts), default=0) or 1
    parts = [f'<svg viewBox="0 0 720 {row * len(payouts) + 8}" role="img" aria-label="What each member was paid">']
    for i, payout in enumerate(payouts):
        y = 4 + i * row
        bar = payout.amount * width // largest
        css = "bar" if payout.amount else "none"
        label = money(payout.amount) if payout.amount else f"0 – {payout.note}"
        parts.append(f'<text x="{left - 10}" y="{y + 16}" text-anchor="end">{escape(payout.member)}</text>')
        parts.append(f'<rect class="{css}" x="{left}" y="{y + 3}" width="{max(bar, 2)}" height="{row - 9}" rx="3"/>')
        told = f"{escape(label)} · {payout.weight} share points"
        parts.append(f'<text class="soft" x="{left + max(bar, 2) + 8}" y="{y + 16}">{told}</text>')
    return "".join(parts) + "</svg>"


def render(summary: Summary, story: Sequence[str], payouts: Sequence[Payout], warning: str) -> str:
    """The page as one HTML string."""
    told = "".join(f"<li>{escape(line)}</li>" for line in story)
    refused = "".join(
        f'<div class="stop">{escape(r.tried)}<small>{escape(r.refused_by)}: {escape(r.because)}</small></div>'
        for r in summary.refusals
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>The life of one sale</title><style>{_STYLE}</style></head><body><main>
<h1>The life of one sale</h1>
<p class="lead">{summary.members} members pooled their own listening exports; one buyer paid for one purpose; the chain
checked the key before the money moved.</p>
<div class="figures">{_figures(summary)}</div>
<h2>What happened</h2><ol>{told}</ol>
<h2>Who was paid what</h2>{_chart(payouts)}
<h2>What was tried and refused</h2>{refused}
<footer><p>{escape(warning)}</p>
<p>Chain: {escape(summary.chain)}. Rounding left {summary.dust} base units in the splitter.
Dataset SHA-256 <code>{escape(summary.dataset_sha256)}</code>. A rehearsal with test money; not audited, not affiliated
with any streaming service.</p></footer></main></body></html>
"""
