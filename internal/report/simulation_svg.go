package report

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim/fleet"
)

// Sizes of the picture, in units of a pixel.
const (
	svgWidth  = 760
	svgLeft   = 96 // where time begins
	svgRight  = svgWidth - 16
	svgRow    = 15
	svgBar    = 11
	svgCurve  = 44
	svgMargin = 16
	svgCross  = 3 // half of a cross
	// svgLetters is how many letters fit on a line: DejaVu Sans, the widest of the usual fonts, takes 5.8 pixels for each of a sentence.
	svgLetters = (svgWidth - 2*svgMargin) / 6
)

// svgStyle has the colours, for light and dark pages. States are told apart by lightness too.
const svgStyle = `<style>
text{font:12px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#24292f}
.h{font-weight:600;font-size:14px}.s{fill:#57606a}.f{fill:#fff}
.booting{fill:#d4a72c}.notready{fill:#f0d58a}.ready{fill:#2da44e}.hung{fill:#8250df}.stopping{fill:#8c959f}.waiting{fill:#eaeef2}.lost{fill:#57606a}
.k{stroke:#cf222e;stroke-width:2;fill:none}.p{stroke:#bc4c00;stroke-width:1;fill:none}.o{fill:#eaeef2}.g{fill:#54aeff}.x{stroke:#d0d7de;stroke-width:1;fill:none}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.s{fill:#9198a1}.f{fill:#0d1117}
.booting{fill:#bb8009}.notready{fill:#6e5a1e}.ready{fill:#238636}.hung{fill:#a371f7}.stopping{fill:#6e7681}.waiting{fill:#21262d}.lost{fill:#b1bac4}
.k{stroke:#ff7b72}.p{stroke:#f0883e}.o{fill:#21262d}.g{fill:#388bfd}.x{stroke:#30363d}}
</style>`

// svgClass are the states that are drawn, with the names of their classes.
var svgClass = map[fleet.State]string{fleet.Booting: "booting", fleet.NotReady: "notready", fleet.Serving: "ready", fleet.Hung: "hung", fleet.Stopping: "stopping",
	fleet.Waiting: "waiting", fleet.Lost: "lost"}

// SimulationSVG draws the timelines of all configurations, one below the other: a bar for each pod, a cross where a probe kills, and the share
// of requests that was answered. Text is text.
func SimulationSVG(all []*Simulation) []byte {
	d := &drawing{y: svgMargin}
	for _, s := range all {
		d.simulation(s)
	}
	d.legend()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">`+"\n", svgWidth, d.y+svgMargin, svgWidth, d.y+svgMargin, html.EscapeString(d.alt()))
	fmt.Fprintf(&b, "<title>%s</title>\n%s\n<rect class=\"f\" width=\"100%%\" height=\"100%%\"/>\n%s</svg>\n", html.EscapeString(d.alt()), svgStyle, d.b.String())
	return []byte(b.String())
}

type drawing struct {
	b      strings.Builder
	y      int
	titles []string
	states map[fleet.State]bool
	kills  bool
	fails  bool
	curves bool
}

func (d *drawing) alt() string { return Clean(strings.Join(d.titles, "; ")) }

func (d *drawing) text(x int, class, anchor, text string) {
	fmt.Fprintf(&d.b, `<text x="%d" y="%d"`, x, d.y)
	if class != "" {
		fmt.Fprintf(&d.b, ` class="%s"`, class)
	}
	if anchor != "" {
		fmt.Fprintf(&d.b, ` text-anchor="%s"`, anchor)
	}
	fmt.Fprintf(&d.b, ">%s</text>\n", html.EscapeString(Clean(text)))
}

func (d *drawing) simulation(s *Simulation) {
	if len(d.titles) > 0 {
		d.y += 18
	}
	d.titles = append(d.titles, s.Title)
	d.y += 12
	d.text(svgMargin, "h", "", s.Title)
	given := Wrap(s.Given, svgLetters)
	if len(s.Faults) > 0 {
		given = append(given, Wrap(faultWords(s.Faults[s.Drawn], s.Columns[0].Scenario)+fmt.Sprintf(", seed %d", s.First), svgLetters)...)
	}
	for _, line := range given {
		d.y += 17
		d.text(svgMargin, "s", "", line)
	}
	for i := range s.Columns {
		if c := &s.Columns[i]; c.Trace != nil {
			d.column(s, c)
		}
	}
}

// column draws one configuration.
func (d *drawing) column(s *Simulation, c *SimulationColumn) {
	tr := c.Trace
	if d.states == nil {
		d.states = map[fleet.State]bool{}
	}
	x := func(t time.Duration) float64 { return svgLeft + float64(svgRight-svgLeft)*float64(t)/float64(tr.End) }
	d.y += 30
	d.text(svgMargin, "h", "", c.Name)
	d.text(svgRight, "s", "end", verdict(s, c))
	d.y += 8
	rows := tr.Rows
	if len(rows) > 2*maxTimelineRows {
		rows = rows[:2*maxTimelineRows]
	}
	top := d.y
	alone := len(rows) == 1
	height := svgBar
	if alone {
		height = 2 * svgBar
	}
	for _, r := range rows {
		d.y += svgRow
		if alone {
			d.y += svgBar
		}
		d.text(svgMargin, "", "", r.Name)
		bar := d.y - height + 2
		for _, sp := range r.Spans {
			class := svgClass[sp.State]
			if class == "" || sp.To <= sp.From {
				continue
			}
			d.states[sp.State] = true
			fmt.Fprintf(&d.b, `<rect class="%s" x="%.1f" y="%d" width="%.1f" height="%d"/>`+"\n", class, x(sp.From), bar, max(x(sp.To)-x(sp.From), 0.5), height)
		}
		var kills, fails strings.Builder
		for _, m := range r.Marks {
			at := x(m.At)
			switch {
			case m.Kill:
				at = min(max(at, svgLeft+svgCross), svgRight-svgCross) // whole, however close to an edge
				fmt.Fprintf(&kills, "M%.1f %dl6 6m0-6l-6 6", at-svgCross, bar+height/2-svgCross)
			case alone:
				fmt.Fprintf(&fails, "M%.1f %dv4", at, bar-4)
			}
		}
		if fails.Len() > 0 {
			d.fails = true
			fmt.Fprintf(&d.b, `<path class="p" d="%s"/>`+"\n", fails.String())
		}
		if kills.Len() > 0 {
			d.kills = true
			fmt.Fprintf(&d.b, `<path class="k" d="%s"/>`+"\n", kills.String())
		}
	}
	if c.Scenario.Load.Utilization > 0 {
		d.curve(tr, x)
	}
	d.axis(tr.End, top, x)
}

// curve draws the share of requests that was answered, of all that came.
func (d *drawing) curve(tr *fleet.Trace, x func(time.Duration) float64) {
	d.curves = true
	d.y += svgCurve + 8
	d.text(svgMargin, "", "", "answered")
	fmt.Fprintf(&d.b, `<rect class="o" x="%d" y="%d" width="%d" height="%d"/>`+"\n", svgLeft, d.y-svgCurve, svgRight-svgLeft, svgCurve)
	var b strings.Builder
	fmt.Fprintf(&b, "M%d %d", svgLeft, d.y)
	const steps = 220
	last := math.NaN()
	for i := range steps {
		from, to := tr.End*time.Duration(i)/steps, tr.End*time.Duration(i+1)/steps
		good, offered := tr.Goodput(from, to)
		if offered == 0 {
			good, offered = 0, 1
		}
		y := math.Round(float64(d.y) - min(good/offered, 1)*svgCurve)
		if y != last {
			fmt.Fprintf(&b, "H%.1fV%.0f", x(from), y)
			last = y
		}
	}
	fmt.Fprintf(&b, "H%dV%dZ", svgRight, d.y)
	fmt.Fprintf(&d.b, `<path class="g" d="%s"/>`+"\n", b.String())
}

// axis draws a line and a number for each minute, or each few.
func (d *drawing) axis(end time.Duration, top int, x func(time.Duration) float64) {
	step := time.Minute
	for end/step > 12 {
		step *= 5
		if step == 25*time.Minute {
			step = 20 * time.Minute
		}
	}
	bottom := d.y + 6
	var b strings.Builder
	for t := time.Duration(0); t <= end; t += step {
		fmt.Fprintf(&b, "M%.1f %dV%d", x(t), top, bottom)
	}
	fmt.Fprintf(&d.b, `<path class="x" d="%s"/>`+"\n", b.String())
	d.y = bottom + 13
	for t := time.Duration(0); t <= end; t += step {
		label := fmt.Sprint(int(t / time.Minute))
		if t == 0 {
			label += " min"
		}
		d.text(int(x(t)), "s", "middle", label)
	}
}

// verdict is the answer for the drawn fault in a few words.
func verdict(s *Simulation, c *SimulationColumn) string {
	a := &c.Answers[s.Drawn]
	var parts []string
	if a.KilledBooting.Of > 0 {
		parts = append(parts, percent(a.KilledBooting.Value)+" of boots killed")
	}
	if s.Faults[s.Drawn].Kind != fleet.Start {
		parts = append(parts, number(a.Extra.Value)+" extra restarts")
	}
	if c.Scenario.Load.Utilization > 0 {
		parts = append(parts, fmt.Sprintf("recovers in %d of %d", a.Recovers.Count, a.Recovers.Of))
	} else if t := a.ToReady; len(t) > 0 {
		parts = append(parts, "Ready after "+span(t.Quantile(0.5).Value))
	} else {
		parts = append(parts, "never Ready")
	}
	return strings.Join(parts, ", ")
}

// legend explains what was drawn.
func (d *drawing) legend() {
	d.y += 30
	at := svgMargin
	item := func(mark, text string) {
		width := 24 + 7*len(text)
		if at+width > svgRight {
			at = svgMargin
			d.y += 20
		}
		fmt.Fprintf(&d.b, mark+"\n", at, d.y-9)
		d.text(at+16, "", "", text)
		at += width
	}
	for s := fleet.Coming; s <= fleet.Gone; s++ {
		if d.states[s] {
			item(`<rect class="`+svgClass[s]+`" x="%d" y="%d" width="11" height="11"/>`, s.String())
		}
	}
	if d.fails {
		item(`<path class="p" d="M%d %dm5 3v6"/>`, "a probe fails")
	}
	if d.kills {
		item(`<path class="k" d="M%d %dm2 2l6 6m0-6l-6 6"/>`, "killed by a probe")
	}
	if d.curves {
		item(`<rect class="g" x="%d" y="%d" width="11" height="11"/>`, "answered in time, of all requests")
	}
}
