/// What a report does with a script, and need not do: zoom, a filter of events, details where the pointer is, and
/// folds that open when a link leads into them.
enum ReportScript {
    static let text: StaticString = #"""
        //<![CDATA[
        "use strict";
        (() => {
          const svgName = "http://www.w3.org/2000/svg";
          const make = (name, properties, parent) => {
            const element = Object.assign(document.createElement(name), properties);
            if (parent) parent.append(element);
            return element;
          };

          // Folds open for whoever is led into them.
          const reveal = () => {
            const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
            if (!target) return;
            for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
            target.hidden = false;
            target.scrollIntoView({ block: "center" });
          };
          addEventListener("hashchange", reveal);
          addEventListener("beforeprint", () => {
            for (const run of document.querySelectorAll("details.run.broke")) run.open = true;
          });

          // Details at the pointer and at the focus.
          const tip = make("div", { id: "tip", hidden: true }, document.body);
          const show = (target, x, y) => {
            const owner = target.closest && (target.closest(".plot a, .plot .band, .plot .mark, .plot g, .strip circle, .strip rect"));
            const title = owner && owner.querySelector("title");
            tip.hidden = !title;
            if (!title) return;
            tip.textContent = title.textContent;
            tip.style.left = Math.max(4, Math.min(x + 12, innerWidth - tip.offsetWidth - 8)) + "px";
            tip.style.top = Math.min(y + 16, innerHeight - tip.offsetHeight - 8) + "px";
          };
          addEventListener("pointermove", event => show(event.target, event.clientX, event.clientY));
          addEventListener("focusin", event => {
            const box = event.target.getBoundingClientRect();
            show(event.target, box.left, box.bottom);
          });

          // Zoom: all that has a place in per cent of the width gets another one.
          const number = text => parseFloat(text) || 0;
          const prepare = plot => {
            const places = [];
            for (const element of plot.querySelectorAll("*")) {
              if (element.closest(".axis") || element.parentElement.closest(".band, .beats")) continue;
              for (const name of ["x", "x1", "x2", "width"]) {
                const value = element.getAttribute(name);
                if (value && value.endsWith("%") && !element.classList.contains("ground"))
                  places.push([element, name, number(value)]);
              }
            }
            const corners = plot.dataset.corners.split(" ").map(pair => pair.split(":").map(number));
            const axis = plot.querySelector(".axis");
            const ground = axis.innerHTML;
            const bottom = number(plot.dataset.bottom);
            let low = 0, high = 100;
            const timeAt = share => {
              for (let i = 1; i < corners.length; i++) {
                const [t0, s0] = corners[i - 1], [t1, s1] = corners[i];
                if (share <= s1 || i === corners.length - 1) return t0 + (t1 - t0) * (share - s0) / (s1 - s0 || 1);
              }
              return 0;
            };
            const name = time => time >= 1e6 ? (time / 1e6).toFixed(4).replace(/\.?0+$/, "") + " s"
              : time >= 1e3 ? (time / 1e3).toFixed(3).replace(/\.?0+$/, "") + " ms" : time.toFixed(1) + " us";
            const draw = () => {
              const factor = 100 / (high - low);
              for (const [element, attribute, value] of places) {
                const base = attribute === "width" ? value * factor : (value - low) * factor;
                element.setAttribute(attribute, base.toFixed(4) + "%");
              }
              if (low === 0 && high === 100) { axis.innerHTML = ground; return; }
              axis.replaceChildren();
              for (let i = 0; i !== 7; i++) {
                const share = 2 + i * 14;
                const text = document.createElementNS(svgName, "text");
                text.setAttribute("x", share + "%");
                text.setAttribute("y", plot.dataset.foot);
                text.textContent = name(timeAt(low + share / factor));
                const line = document.createElementNS(svgName, "line");
                for (const [key, value] of [["x1", share + "%"], ["x2", share + "%"], ["y1", 38], ["y2", bottom + 4]])
                  line.setAttribute(key, value);
                axis.append(line, text);
              }
            };
            const zoom = (from, to) => {
              const width = Math.min(100, Math.max(0.002, to - from));
              low = Math.max(0, Math.min(from, 100 - width));
              high = low + width;
              draw();
            };
            const scale = (factor, centre) => zoom(centre - (centre - low) * factor, centre + (high - centre) * factor);
            const shareAt = event => {
              const box = plot.getBoundingClientRect();
              return low + (event.clientX - box.left) / box.width * (high - low);
            };
            plot.addEventListener("wheel", event => {
              if (!event.ctrlKey && !event.metaKey && !event.altKey) return;
              event.preventDefault();
              scale(event.deltaY > 0 ? 1.25 : 0.8, shareAt(event));
            }, { passive: false });
            let from = null, selection = null;
            plot.addEventListener("pointerdown", event => {
              if (event.button !== 0 || event.pointerType === "touch") return;
              from = { share: shareAt(event), x: event.clientX };
            });
            plot.addEventListener("pointermove", event => {
              if (!from || Math.abs(event.clientX - from.x) <= 4) return;
              event.preventDefault();
              if (!selection) {
                selection = document.createElementNS(svgName, "rect");
                selection.setAttribute("class", "selection");
                selection.setAttribute("height", bottom);
                plot.append(selection);
              }
              const box = plot.getBoundingClientRect();
              selection.setAttribute("x", Math.min(from.x, event.clientX) - box.left);
              selection.setAttribute("width", Math.abs(event.clientX - from.x));
            });
            addEventListener("pointerup", event => {
              if (from && selection) {
                const to = shareAt(event);
                zoom(Math.min(from.share, to), Math.max(from.share, to));
                plot.addEventListener("click", click => click.preventDefault(), { once: true, capture: true });
              }
              if (selection) selection.remove();
              from = selection = null;
            });
            plot.addEventListener("dragstart", event => event.preventDefault());
            plot.addEventListener("dblclick", () => zoom(0, 100));
            const tools = make("span", { className: "tools" }, plot.closest("figure").querySelector("figcaption"));
            const middle = () => (low + high) / 2;
            for (const [text, label, act] of [
              ["+", "Zoom in", () => scale(0.5, middle())],
              ["−", "Zoom out", () => scale(2, middle())],
              ["←", "Earlier", () => zoom(low - (high - low) / 3, high - (high - low) / 3)],
              ["→", "Later", () => zoom(low + (high - low) / 3, high + (high - low) / 3)],
              ["all", "The whole", () => zoom(0, 100)],
            ]) make("button", { type: "button", textContent: text, title: label + " (drag, or Ctrl and wheel)", onclick: act }, tools);
          };
          // A run that is folded is prepared when it is opened.
          const prepareAll = run => {
            if (run.dataset.ready || !run.open) return;
            run.dataset.ready = "yes";
            run.querySelectorAll(".plot").forEach(prepare);
            run.querySelectorAll(".eventtable").forEach(filter);
          };

          // Which events are shown.
          const filter = table => {
            const rows = [...table.tBodies[0].rows];
            const set = make("fieldset", { className: "filter" });
            const kinds = [...new Set(rows.map(row => row.dataset.k))];
            const partners = [...new Set(rows.map(row => row.classList[0]))];
            const hidden = new Set();
            const add = (key, text) => {
              const label = make("label", {}, set);
              const box = make("input", { type: "checkbox", checked: true }, label);
              label.append(" " + text);
              box.onchange = () => {
                if (box.checked) hidden.delete(key); else hidden.add(key);
                for (const row of rows) row.hidden = hidden.has("k" + row.dataset.k) || hidden.has("p" + row.classList[0]);
              };
            };
            for (const partner of partners) add("p" + partner, partner === "lab" ? "the run" : "partner " + partner);
            for (const kind of kinds) add("k" + kind, kind);
            table.closest(".scroll").before(set);
          };
          for (const run of document.querySelectorAll("details.run")) {
            prepareAll(run);
            run.addEventListener("toggle", () => prepareAll(run));
          }
          reveal();
        })();
        //]]>

        """#
}
