/// What a report looks like: on screens of 400 pixels and more, light and dark, and on paper.
enum ReportStyle {
    static let sheet: StaticString = """

        :root {
          color-scheme: light dark;
          --ground: #ffffff; --card: #f6f7f9; --ink: #1b1f24; --soft: #57606a; --rule: #d5dae0; --link: #0a53be;
          --good: #1a7f37; --bad: #b42318; --warn: #8a5a00;
          --good-band: #b7e4c3; --bad-band: #ffc9c2; --warn-band: #ffe2a8; --cold-band: #cfe1ff; --dim-band: #e3e6ea;
          --deep-band: #a9c8ff; --ready-band: #7fd29a; --violet-band: #e2d0fb;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #0f1318; --card: #171c23; --ink: #e6eaef; --soft: #9aa5b1; --rule: #323a44; --link: #7db3ff;
            --good: #57d07f; --bad: #ff8f85; --warn: #f0bf60;
            --good-band: #1f5a34; --bad-band: #7c2a24; --warn-band: #6b4c0f; --cold-band: #24405f; --dim-band: #2c343d;
            --deep-band: #2d5590; --ready-band: #2b7d47; --violet-band: #4d3570;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0; background: var(--ground); color: var(--ink);
          font: 15px/1.45 system-ui, "Segoe UI", "Liberation Sans", sans-serif;
        }
        main { max-width: 1240px; margin: 0 auto; padding: 16px; }
        h1 { font-size: 26px; margin: 4px 0 10px; }
        h2 { font-size: 18px; margin: 0 0 8px; }
        h3 { font-size: 15px; margin: 0 0 4px; color: var(--bad); }
        h4 { font-size: 14px; margin: 14px 0 4px; }
        p { margin: 6px 0; }
        a { color: var(--link); }
        :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
        code, pre, .events, .eventtable, .packets { font: 12.5px/1.4 ui-monospace, "DejaVu Sans Mono", monospace; }
        code { overflow-wrap: anywhere; }
        pre { overflow-x: auto; padding: 8px; background: var(--ground); border: 1px solid var(--rule); }
        .note { color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
        .problem { color: var(--warn); font-weight: 600; overflow-wrap: anywhere; }
        .facts { display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin: 0 0 16px; }
        .facts dt, dl dt { color: var(--soft); }
        .facts dd { margin: 0; min-width: 0; }
        .card, .run { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; margin: 0 0 12px; }
        .card { padding: 12px 14px; }
        .run > summary { padding: 9px 14px; cursor: pointer; overflow-wrap: anywhere; }
        .run .title { font-weight: 600; }
        .run > .body { padding: 0 14px 12px; }
        .run.broke { border-left: 5px solid var(--bad); }
        .run.notrun { border-left: 5px solid var(--warn); }
        .badge { font-weight: 600; white-space: nowrap; }
        .held.badge { color: var(--good); }
        .broke.badge { color: var(--bad); }
        .notrun.badge { color: var(--warn); }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; }
        th { text-align: left; color: var(--soft); font-weight: 600; font-size: 13px; }
        th, td { padding: 3px 12px 3px 0; vertical-align: top; border-bottom: 1px solid var(--rule); }
        .scenarios { width: 100%; }
        .eventtable td { white-space: nowrap; padding-right: 14px; }
        .eventtable td:first-child, .packets td:first-child { text-align: right; }
        .eventtable td:last-child { white-space: normal; min-width: 260px; overflow-wrap: anywhere; }
        .packets td { white-space: nowrap; }
        tr.evidence td { color: var(--bad); font-weight: 600; }
        tr:target td { background: var(--warn-band); }
        .fold { margin: 8px 0; }
        .fold > summary { cursor: pointer; color: var(--link); }
        .break { border-top: 1px solid var(--rule); padding: 8px 0; }
        .break dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 12px; margin: 0; }
        .break dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
        .events { margin: 6px 0; padding-left: 18px; overflow-wrap: anywhere; }

        figure { margin: 12px 0; }
        figcaption { font-size: 13px; color: var(--soft); display: flex; flex-wrap: wrap; gap: 2px 12px; align-items: center; }
        figcaption b { color: var(--ink); }
        .tools { display: inline-flex; gap: 4px; }
        .tools button { font: inherit; padding: 0 9px; border: 1px solid var(--rule); border-radius: 5px;
          background: var(--ground); color: var(--ink); cursor: pointer; }
        .lanes { display: flex; background: var(--ground); border: 1px solid var(--rule); border-radius: 6px; margin-top: 4px; }
        .captions { flex: none; }
        .captions text { fill: var(--soft); font-size: 11px; }
        .plotbox { flex: 1 1 auto; min-width: 0; overflow-x: auto; padding-right: 6px; }
        .plot { display: block; min-width: 600px; touch-action: pan-x pan-y; }
        .plot text { font-size: 11px; fill: var(--ink); }
        .plot a { text-decoration: none; }
        .ground { stroke: var(--rule); }
        .axis line { stroke: var(--rule); stroke-dasharray: 1 4; }
        .axis text, .break text, .strip text { fill: var(--soft); font-size: 11px; }
        g.break line { stroke: var(--soft); stroke-dasharray: 3 3; }
        g.break use { stroke: var(--soft); fill: none; }
        .band rect { fill: var(--dim-band); stroke: var(--soft); stroke-opacity: 0.45; }
        .up rect { fill: var(--cold-band); }
        .frozen rect { fill: url(#p-hatch); }
        .connected rect { fill: var(--dim-band); }
        .established rect { fill: var(--good-band); }
        .ready rect { fill: var(--ready-band); }
        .operation rect { fill: var(--deep-band); }
        .failed rect, .cut rect { fill: url(#p-cross); }
        .phase-2 rect { fill: var(--dim-band); }
        .phase-3 rect { fill: var(--cold-band); }
        .phase-4 rect { fill: var(--deep-band); }
        .phase-5 rect { fill: var(--good-band); }
        .phase-6 rect { fill: var(--violet-band); }
        .phase-7 rect { fill: var(--bad-band); }
        .verdict-alive rect { fill: var(--good-band); }
        .verdict-hung rect { fill: url(#p-hatch); }
        .verdict-dead rect { fill: var(--bad-band); }
        .verdict-unreachable rect { fill: url(#p-cross); }
        .verdict-rebooted rect { fill: var(--violet-band); }
        .verdict-incompatible rect, .verdict-stranger rect { fill: var(--warn-band); }
        .pattern-ground { fill: var(--warn-band); }
        .pattern-ground.bad { fill: var(--bad-band); }
        .pattern-line { stroke: var(--soft); fill: none; }
        .mark { stroke: var(--ink); fill: none; stroke-width: 1.2; }
        .mark.fail, .mark.loss { stroke: var(--bad); }
        .mark.done { fill: var(--good); stroke: var(--good); }
        .mark.note { fill: var(--soft); stroke: none; }
        .intervention line { stroke: var(--warn); stroke-width: 1.2; }
        .intervention text { fill: var(--warn); font-weight: 600; paint-order: stroke; stroke: var(--ground); stroke-width: 3px; }
        .evidence use { fill: var(--bad); stroke: var(--bad); }
        .beats path { fill: var(--soft); }
        .selection { fill: var(--link); opacity: 0.18; }
        .strips { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(340px, 100%), 1fr)); gap: 4px 28px; }
        .strips figure { margin: 4px 0; min-width: 0; }
        .strip circle { fill: var(--link); fill-opacity: 0.55; }
        .strip rect { fill: var(--link); fill-opacity: 0.7; }
        .median { stroke: var(--ink); stroke-width: 1.5; }
        .instants svg { background: var(--ground); border: 1px solid var(--rule); border-radius: 6px; margin-top: 4px; }
        .instants circle { fill: var(--good); fill-opacity: 0.6; }
        .instants .mark.broke { stroke: var(--bad); stroke-width: 2; }
        .instants .mark.notrun { stroke: var(--warn); }
        .instants .moment line { stroke: var(--link); stroke-opacity: 0.5; stroke-dasharray: 2 3; }
        .instants .moment text { fill: var(--link); font-size: 10px; }
        .cells { display: flex; flex-wrap: wrap; gap: 4px; margin-top: 4px; }
        .cell { display: inline-flex; flex-direction: column; align-items: center; min-width: 62px; padding: 4px 6px;
          border: 1px solid var(--rule); border-radius: 4px; color: var(--ink); text-decoration: none; font-size: 12.5px; }
        .cell.held { background: var(--good-band); }
        .cell.broke { background: var(--bad-band); border: 2px solid var(--bad); }
        .cell.notrun { background: var(--warn-band); border-style: dashed; }
        .filter { display: flex; flex-wrap: wrap; gap: 2px 12px; border: 0; margin: 4px 0; padding: 0; font-size: 13px; }
        #tip { position: fixed; z-index: 9; pointer-events: none; max-width: min(420px, 90vw); padding: 4px 8px;
          background: var(--ink); color: var(--ground); border-radius: 4px; font-size: 12.5px; }
        @media (max-width: 560px) {
          main { padding: 8px; }
          h1 { font-size: 21px; }
          .facts { grid-template-columns: 1fr; gap: 0; }
          .facts dd { margin-bottom: 4px; }
          .scenarios, .scenarios tbody { display: block; }
          .scenarios tr { display: flex; flex-wrap: wrap; gap: 0 12px; padding: 4px 0; border-bottom: 1px solid var(--rule); }
          .scenarios tr:first-child { display: none; }
          .scenarios td { border: 0; padding: 0; }
          .scenarios td:first-child { flex: 1 0 100%; overflow-wrap: anywhere; }
          .captions { width: 84px; }
        }
        @media print {
          .tools, .filter, #tip { display: none; }
          body { background: #ffffff; font-size: 11px; }
          main { max-width: none; padding: 0; }
          .note, .facts, figcaption, th { font-size: 11px; }
          .plotbox, .scroll { overflow: visible; }
          .plot { min-width: 0; }
          .run { break-inside: auto; }
          figure, .break { break-inside: avoid; }
          * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
        }

        """

    /// The signs and patterns that all drawings use.
    static let symbols: StaticString = """

        <svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>
        <pattern id="p-hatch" width="6" height="6" patternUnits="userSpaceOnUse"><rect class="pattern-ground" width="6" height="6"/><path class="pattern-line" d="M-1 7L7 -1"/></pattern>
        <pattern id="p-cross" width="7" height="7" patternUnits="userSpaceOnUse"><rect class="pattern-ground bad" width="7" height="7"/><path class="pattern-line" d="M0 0L7 7M7 0L0 7"/></pattern>
        <g id="s-start"><path d="M-3 -5L4 0L-3 5z"/></g>
        <g id="s-fail"><path d="M-4 -4L4 4M4 -4L-4 4"/></g>
        <g id="s-done"><path d="M0 -5L5 0L0 5L-5 0z"/></g>
        <g id="s-loss"><path d="M0 5L-5 -4L5 -4z"/></g>
        <g id="s-note"><circle r="2"/></g>
        <g id="s-evidence"><path d="M0 0L6 10L-6 10z"/></g>
        <g id="s-break"><path d="M-4 4L-1 -4L1 4L4 -4"/></g>
        </defs></svg>

        """
}
